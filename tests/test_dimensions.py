"""The whole journey on grids of one and three axes: from arrays to an exported surrogate."""

import json

import h5py
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import pde
from pde.cli import main
from pde.grids.grid import AXES

AXES_OF = {1: (64,), 3: (12, 16, 8)}
"""Points along each axis, by their number."""
TINY = ["--epochs", "2", "--width", "8", "--depth", "2", "--batch-size", "8"]


@pytest.fixture(scope="module", params=AXES_OF, ids=lambda number: f"{number}-axes")
def journey(request, tmp_path_factory):
    """Folder and points of a run that the command line has trained on a smoothing of noise."""
    folder, points = tmp_path_factory.mktemp("journey"), AXES_OF[request.param]
    noise = np.random.default_rng(0).normal(size=(24, *points)).astype(np.float32)
    with h5py.File(folder / "data.h5", "w") as file:
        file["source"], file["solution"] = noise, smoothed(noise)
        for name, n in zip(AXES, points, strict=False):
            file[name] = np.arange(n) / n
    assert main(["train", str(folder / "data.h5"), "--out", str(folder / "run"), "--model", "fno", *TINY]) == 0
    return folder, points


def smoothed(noise):
    return gaussian_filter(noise, sigma=(0, *[1.0] * (noise.ndim - 1)), mode="wrap")


def arrays(folder):
    with h5py.File(folder / "data.h5") as file:
        return file["source"][:4], file["solution"][:4]


def test_a_loaded_run_predicts_in_the_shape_of_the_fields(journey):
    folder, points = journey
    surrogate, (source, _) = pde.load(folder / "run"), arrays(folder)
    assert surrogate.run.grid.shape == points
    many = surrogate(source)
    assert many.shape == source.shape
    np.testing.assert_allclose(surrogate(source[0]), many[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(surrogate(source[..., None])[..., 0], many, rtol=1e-4, atol=1e-5)


def test_a_grid_twice_as_fine(journey):
    folder, points = journey
    surrogate = pde.load(folder / "run")
    fine = pde.Grid(tuple(np.arange(2 * n) / (2 * n) for n in points))
    source = np.random.default_rng(1).normal(size=(2, *fine.shape, 1)).astype(np.float32)
    direct, (resampled, nested) = surrogate.predict(source, fine), surrogate.resample(source, fine)
    assert direct.shape == resampled.shape == source.shape
    assert nested
    every_second = resampled[:, *fine.every(2)]
    np.testing.assert_allclose(every_second, surrogate.predict(source, fine, surrogate.run.grid), atol=1e-5)


def test_evaluation_and_its_pictures(journey, capsys):
    folder, points = journey
    command = ["evaluate", str(folder / "run"), str(folder / "data.h5"), "--resolutions", str(points[0])]
    assert main([*command, "--json", str(folder / "report.json")]) == 0
    assert str(points[0]) in capsys.readouterr().out
    report = json.loads((folder / "report.json").read_text())
    (row,) = report["rows"]
    surrogate = pde.load(folder / "run")
    with h5py.File(folder / "data.h5") as file:
        source, solution = file["source"][:], file["solution"][:]
    flat = [field.reshape(len(source), -1) for field in (surrogate(source) - solution, solution)]
    expected = np.mean(np.divide(*(np.linalg.norm(each, axis=1) for each in flat)))
    assert row["shape"] == list(points)
    assert row["direct"]["relative_l2"] == pytest.approx(expected, rel=1e-4)
    assert list(folder.glob("report*.png"))


def test_predictions_in_a_file_are_those_of_the_surrogate(journey):
    folder, points = journey
    assert main(["predict", str(folder / "run"), str(folder / "data.h5"), str(folder / "predicted.h5")]) == 0
    with h5py.File(folder / "predicted.h5") as file:
        found = file["solution"][:4]
        assert [len(file[name]) for name in AXES[: len(points)]] == list(points)
    np.testing.assert_allclose(found, pde.load(folder / "run")(arrays(folder)[0]), rtol=1e-4, atol=1e-5)


def test_an_exported_run_predicts_the_same(journey):
    folder, points = journey
    assert main(["export", str(folder / "run"), str(folder / "exported")]) == 0
    exported, (source, _) = pde.load_exported(folder / "exported"), arrays(folder)
    np.testing.assert_allclose(exported(source), pde.load(folder / "run")(source), rtol=1e-4, atol=1e-5)
    card = (folder / "exported" / "README.md").read_text()
    assert " x ".join(map(str, points)) in card


def test_arrays_in_memory_train_like_the_file(journey):
    folder, points = journey
    with h5py.File(folder / "data.h5") as file:
        fields = {name: file[name][:] for name in ("source", "solution", *AXES[: len(points)])}
    surrogate = pde.train(
        pde.Dataset(**fields), model="fno", epochs=2, batch_size=8, options=pde.load(folder / "run").run.options
    )
    source, _ = arrays(folder)
    np.testing.assert_array_equal(surrogate(source), pde.load(folder / "run")(source))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mano", "unet", "vit"])
def test_other_models_train_too(journey, model):
    folder, _ = journey
    out = folder / model
    assert main(["train", str(folder / "data.h5"), "--out", str(out), "--model", model, "--epochs", "1"]) == 0
    source, _ = arrays(folder)
    assert np.isfinite(pde.load(out)(source)).all()
