"""The whole journey on periodic axes: data, shifts among the symmetries, training, other grids, and errors."""

import json

import h5py
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import pde
from manojax import FNOConfig, create
from pde.cli import main
from pde.grids.symmetries import generators
from pde.metrics import relative_h1
from pde.training.symmetry_test import invariant
from tests.command_line import refused, run

SIDE, SAMPLES = 32, 120
PERIODIC = {"periodic": ("x", "y"), "domain": (0.0, 1.0, 0.0, 1.0)}


def screened(forcing):
    """Solve -Laplace u + 100 u = f on the ring of both axes, by Fourier transforms."""
    k = 2 * np.pi * np.fft.fftfreq(forcing.shape[1], 1 / forcing.shape[1])
    symbol = k[:, None] ** 2 + k[None, :] ** 2 + 100
    return np.fft.ifft2(np.fft.fft2(forcing, axes=(1, 2)) / symbol, axes=(1, 2)).real


def forcings(samples=SAMPLES, side=SIDE):
    """Smooth random fields whose law no shift changes."""
    noise = np.random.default_rng(0).normal(size=(samples, SIDE, SIDE))
    k = np.fft.fftfreq(SIDE, 1 / SIDE)
    spectrum = np.fft.fft2(noise, axes=(1, 2)) * np.exp(-(k[:, None] ** 2 + k[None, :] ** 2) / 20)
    if side != SIDE:  # the same fields on more points
        half, wide = SIDE // 2, np.zeros((samples, side, side), complex)
        spectrum[:, half], spectrum[:, :, half] = 0, 0
        places = np.r_[0:half, side - half : side]
        wide[np.ix_(range(samples), places, places)] = spectrum * (side / SIDE) ** 2
        spectrum = wide
    return np.fft.ifft2(spectrum, axes=(1, 2)).real


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rings")
    with h5py.File(folder / "data.h5", "w") as file:
        file["forcing"] = forcings()
        file["solution"] = screened(forcings())
        file["x"] = file["y"] = np.arange(SIDE) / SIDE
        file.attrs.update(inputs=("forcing",), domain=(0.0, 1.0, 0.0, 1.0), periodic=("x", "y"))
    return folder / "data.h5"


@pytest.fixture(scope="module")
def folder(data):
    """The folder of the file, with a run on it."""
    flags = ["--model", "fno", "--width", "16", "--depth", "2", "--resolution", "16", "--epochs", "12"]
    assert main(["train", str(data), "--out", str(data.with_name("run")), *flags]) == 0
    return data.parent


@pytest.mark.slow
def test_shifts_are_found_among_the_symmetries(folder):
    assert pde.load(folder / "run").run.symmetries == ("flip-x", "flip-y", "transpose", "shift-x", "shift-y")


def test_a_fixed_forcing_has_no_shifts():
    """A wave that stands still is added to the forcing: its axis rejects shifts, the other keeps them."""
    fields = forcings() + np.sin(2 * np.pi * np.arange(SIDE) / SIDE)[None, :, None]
    data = pde.Dataset(
        forcing=fields, solution=screened(fields), x=np.arange(SIDE) / SIDE, y=np.arange(SIDE) / SIDE, **PERIODIC
    )
    pairs = np.concatenate([data.read_inputs(), data.read_outputs()], axis=-1)
    kept = invariant([pairs[:60], pairs[60:]], generators(data.grid))
    assert "shift-x" not in kept
    assert "shift-y" in kept


@pytest.mark.slow
def test_places_are_left_out_where_all_axes_are_periodic(folder):
    assert pde.load(folder / "run").run.options.coordinates is False


@pytest.mark.slow
def test_a_prediction_commutes_with_a_shift_by_points_of_the_training_grid(folder):
    surrogate, data = pde.load(folder / "run"), pde.open(folder / "data.h5")
    fields = data.read_inputs(slice(2))
    predicted = surrogate.predict(fields, data.grid)
    image = surrogate.predict(np.roll(fields, 6, axis=1), data.grid)
    np.testing.assert_allclose(image, np.roll(predicted, 6, axis=1), atol=1e-4 * np.abs(predicted).max())


@pytest.mark.slow
def test_predictions_go_out_by_trigonometric_interpolation(folder):
    """On twice the points, the same function: its values at the old points, and no jump over the seam."""
    surrogate, side = pde.load(folder / "run"), 2 * SIDE
    fine = pde.Grid((np.arange(side) / side,) * 2, **PERIODIC)
    fields = forcings(3, side)[..., None].astype(np.float32)
    resampled, nested = surrogate.resample(fields, fine)
    assert nested
    coarse = surrogate.predict(fields, fine, surrogate.run.grid)
    np.testing.assert_allclose(resampled[:, ::4, ::4], coarse, atol=1e-5)
    spectrum = np.abs(np.fft.fft2(resampled[..., 0], axes=(1, 2)))
    assert spectrum[:, 9:-8].max() < 1e-5 * spectrum.max()
    direct = surrogate.predict(fields, fine)
    np.testing.assert_allclose(
        direct[:, ::2, ::2], surrogate.predict(forcings(3)[..., None], *_grids()), atol=1e-4
    )


def _grids():
    return (pde.Grid((np.arange(SIDE) / SIDE,) * 2, **PERIODIC),)


@pytest.mark.slow
def test_evaluation_files_and_exports(folder, capsys, tmp_path):
    command = (
        "evaluate",
        folder / "run",
        folder / "data.h5",
        "--resolutions",
        16,
        32,
        "--json",
        tmp_path / "e.json",
    )
    status, printed, _ = run(capsys, *command)
    assert status == 0
    assert "holds no" in printed  # no equation of ours
    errors = json.loads((tmp_path / "e.json").read_text())["rows"][1]["resample"]
    assert errors["relative_l2"] < 0.5
    assert run(capsys, "predict", folder / "run", folder / "data.h5", tmp_path / "p.h5")[0] == 0
    assert pde.open(tmp_path / "p.h5").grid == pde.open(folder / "data.h5").grid
    assert run(capsys, "export", folder / "run", tmp_path / "exported")[0] == 0
    coarse = forcings(2)[:, ::2, ::2].astype(np.float32)
    exported = pde.load_exported(tmp_path / "exported")
    np.testing.assert_allclose(exported(coarse), pde.load(folder / "run")(coarse), atol=1e-5)
    assert "border unknown; periodic x, y" in run(capsys, "info", folder / "data.h5")[1]


@pytest.mark.slow
def test_training_on_a_ring_and_a_border_together():
    """One axis goes around and the other has a border that is zero; the loss takes differences over the seam."""
    x, y = np.arange(16) / 16, np.linspace(0, 1, 17)
    phase, size = np.random.default_rng(0).uniform(0, 1, (2, 40, 1, 1))
    solution = (1 + size) * np.sin(2 * np.pi * (x[:, None] + phase)) * np.sin(np.pi * y)[None, :]
    data = pde.Dataset(
        source=5 * np.pi**2 * solution,
        solution=solution,
        x=x,
        y=y,
        boundary="zero",
        domain=(0.0, 1.0, 0.0, 1.0),
        periodic=("x",),
    )
    assert data.outputs[0].borders == ("unknown", "zero")
    options = FNOConfig(width=8, depth=1)
    surrogate = pde.train(data, model="fno", options=options, epochs=80, symmetries="all")
    assert surrogate.run.symmetries == ("flip-x", "flip-y", "shift-x")
    assert surrogate.run.options.coordinates is True
    report = pde.evaluate(surrogate, data, [16])
    assert report["rows"][0]["direct"]["relative_l2"] < 0.2


def test_a_model_of_your_own_loop_must_fit_the_grid_and_the_outputs():
    """Else it would be another model once it is saved and loaded."""
    (grid,) = _grids()
    fields = np.ones((2, *grid.shape, 1), np.float32)
    normalisation = pde.Normalisation.fit([(fields, fields)], grid)
    for sizes, message in (
        ({"periodic": (True, False)}, "the model has periodic=.*, and the grid's axes are"),
        ({"periodic": (True, True), "out_channels": 2}, "the model makes 2 fields, and the outputs are solution"),
    ):
        model = create("fno", width=8, depth=1, rngs=nnx.Rngs(0), **sizes)
        with pytest.raises(pde.InputError, match=message):
            pde.Surrogate(model, grid=grid, normalisation=normalisation)


def test_the_h1_error_takes_differences_over_the_seam():
    """Central differences of a wave are the wave's derivative times sin(h)/h, at all points of a ring."""
    n = 24
    x = np.arange(n, dtype=np.float32) / n
    waves = [np.sin(2 * np.pi * (x + phase)).astype(np.float32)[None, :, None] for phase in (0.0, 0.25)]
    step = np.sin(2 * np.pi / n) * n
    expected = np.sqrt(2 * (1 + step**2) / (1 + step**2))
    found = relative_h1(jnp.asarray(waves[0]), jnp.asarray(waves[1]), (x,), (1.0,))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"periodic": ("z",)}, "periodic z: the axes are x, y"),
        ({"periodic": 3}, "its attribute periodic is 3; it must list names of axes"),
        ({"domain": (0.0, 2.0, 0.0, 1.0)}, "not equally spaced around the period 0 to 2"),
    ],
)
def test_rings_that_do_not_close_are_refused(data, tmp_path, capsys, change, message):
    path = tmp_path / "data.h5"
    path.write_bytes(data.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs.update(change)
    assert message in refused(capsys, "train", path, "--out", tmp_path / "run", "--model", "fno", "--epochs", 1)


@pytest.mark.slow
def test_flags_close_the_rings_of_a_file_that_does_not_say(data, tmp_path, capsys):
    path = tmp_path / "data.h5"
    path.write_bytes(data.read_bytes())
    with h5py.File(path, "r+") as file:
        del file.attrs["periodic"]
    flags = "--model", "fno", "--width", 8, "--depth", 1, "--epochs", 1, "--periodic", "x", "y"
    assert run(capsys, "train", path, "--out", tmp_path / "run", *flags)[0] == 0
    assert pde.load(tmp_path / "run").run.grid.periodic == ("x", "y")
    assert run(capsys, "evaluate", tmp_path / "run", path, "--periodic", "x", "y")[0] == 0
    said = refused(capsys, "train", data, "--out", tmp_path / "b", *flags[:-1])
    assert "its periodic is ('x', 'y'), not ('x',); leave --periodic out" in said
