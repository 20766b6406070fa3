"""The whole journey with several inputs and outputs: a number for each sample, a scalar and a vector."""

import json

import h5py
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from manojax import FNOConfig
from pde.cli import main
from pde.grids.symmetries import group
from tests.command_line import refused, run

X, Y = np.linspace(0, 1, 25), np.linspace(0, 2, 17)
OUTPUTS = ("pressure", "velocity-x", "velocity-y")
DECLARED = {
    "boundary": {"pressure": "zero", "velocity-x": ("neumann", "zero"), "velocity-y": ("zero", "neumann")},
    "vectors": [["velocity-x", "velocity-y"]],
}
OPTIONS = FNOConfig(width=8, depth=1)


def arrays(samples=40):
    """A potential, a factor of each sample, their product as a pressure and the gradient of the potential."""
    x, y = np.meshgrid(X, Y, indexing="ij")
    sizes = np.random.default_rng(0).normal(size=(2, samples, 1, 1))
    waves = [np.sin(k * np.pi * x) * np.sin(np.pi * y / 2) for k in (1, 2)]
    slopes = [
        (
            k * np.pi * np.cos(k * np.pi * x) * np.sin(np.pi * y / 2),
            wave / np.tan(np.pi * y / 2 + 1e-9) * np.pi / 2,
        )
        for k, wave in zip((1, 2), waves, strict=True)
    ]
    potential, along, across = (
        sum(size * field for size, field in zip(sizes, fields, strict=True))
        for fields in (waves, [slope[0] for slope in slopes], [slope[1] for slope in slopes])
    )
    factor = np.random.default_rng(1).uniform(0.5, 1.5, samples)
    outputs = potential * factor[:, None, None], along, across
    return {"potential": potential, "factor": factor}, dict(zip(OUTPUTS, outputs, strict=True))


def data_set(scale=1.0):
    inputs, outputs = arrays()
    outputs = {name: field * (scale if name == "pressure" else 1) for name, field in outputs.items()}
    return pde.Dataset(**inputs, outputs=outputs, x=X, y=Y, domain=(0.0, 1.0, 0.0, 2.0), **DECLARED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file with several fields, and a run of the command line on it."""
    folder = tmp_path_factory.mktemp("fields")
    inputs, outputs = arrays()
    with h5py.File(folder / "data.h5", "w") as file:
        for name, field in {**inputs, **outputs, "x": X, "y": Y}.items():
            file[name] = field
        file.attrs.update(inputs=tuple(inputs), outputs=OUTPUTS, domain=(0.0, 1.0, 0.0, 2.0))
        file.attrs.update({name: json.dumps(said) for name, said in DECLARED.items()})
    flags = ["--model", "fno", "--resolution", "13", "--epochs", "2", "--width", "8", "--depth", "1"]
    command = ["train", str(folder / "data.h5"), "--out", str(folder / "run"), *flags, "--symmetries", "all"]
    assert main(command) == 0
    return folder


def test_a_file_and_arrays_say_the_same(folder):
    file, memory = pde.open(folder / "data.h5"), data_set()
    assert (file.inputs, file.outputs, file.kinds) == (memory.inputs, memory.outputs, memory.kinds)
    np.testing.assert_array_equal(file.read_outputs(), memory.read_outputs())
    factor = file.read_inputs()[..., 1]
    assert (factor == factor[:, :1, :1]).all()
    assert factor[3, 0, 0] == np.float32(arrays()[0]["factor"][3])


def test_each_output_is_normalised_by_itself(folder):
    normalisation, outputs = (
        pde.load(folder / "run").run.normalisation,
        pde.open(folder / "data.h5").read_outputs(),
    )
    seen = outputs[:36, ::2, ::2].reshape(-1, 3)
    assert normalisation.output_mean == pytest.approx(seen.mean(axis=0), abs=1e-5)
    assert normalisation.output_deviation == pytest.approx(seen.std(axis=0), rel=1e-5)


@pytest.mark.slow
def test_the_size_of_an_output_does_not_change_its_weight():
    """A pressure in another unit is learned alike, and so is the velocity beside it."""
    runs = [
        pde.train(data_set(scale), model="fno", options=OPTIONS, resolution=13, epochs=2) for scale in (1, 1024)
    ]
    inputs = data_set().read_inputs()
    one, other = (run.predict(inputs, data_set().grid) for run in runs)
    np.testing.assert_allclose(other / np.array([1024, 1, 1], np.float32), one, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_errors_are_printed_for_each_and_together(folder, capsys):
    status, printed, _ = run(
        capsys,
        "evaluate",
        folder / "run",
        folder / "data.h5",
        "--resolutions",
        13,
        25,
        "--json",
        folder / "e.json",
    )
    assert status == 0
    assert "Relative L2 of each by itself" in printed
    assert "pressure" in printed
    data, surrogate = pde.open(folder / "data.h5"), pde.load(folder / "run")
    predicted, true = surrogate.predict(data.read_inputs(), data.grid), data.read_outputs()
    found = json.loads((folder / "e.json").read_text())["rows"][1]["direct"]
    expected = {}
    for name, channels in (("pressure", [0]), ("velocity", [1, 2])):
        flat = [each[..., channels].reshape(len(true), -1) for each in (predicted - true, true)]
        expected[name] = np.mean(np.divide(*(np.linalg.norm(each, axis=1) for each in flat)))
        assert found[f"relative_l2 of {name}"] == pytest.approx(expected[name], rel=1e-4)
    assert found["relative_l2"] == pytest.approx(np.mean(list(expected.values())), rel=1e-4)
    assert {"e-sample-pressure.png", "e-sample-velocity.png", "e-worst-velocity.png"} <= {
        each.name for each in folder.glob("e-*.png")
    }


def test_a_mean_over_symmetries_turns_vectors(folder):
    surrogate = pde.load(folder / "run", symmetric=True)
    inputs, outputs = surrogate.run.channels
    fields = pde.open(folder / "data.h5").read_inputs(slice(2))[:, ::2, ::2]
    predicted = jnp.asarray(surrogate.predict(fields, surrogate.run.grid))
    assert len(group(surrogate.run.symmetries)) == 4
    for symmetry in group(surrogate.run.symmetries):
        image = surrogate.predict(np.asarray(symmetry(jnp.asarray(fields), inputs)), surrogate.run.grid)
        np.testing.assert_allclose(image, symmetry(predicted, outputs), atol=1e-4)


def test_predictions_and_exports_have_every_output(folder, tmp_path):
    surrogate, data = pde.load(folder / "run"), pde.open(folder / "data.h5")
    pde.predict(surrogate, folder / "data.h5", tmp_path / "predicted.h5")
    predicted = pde.open(tmp_path / "predicted.h5")
    assert (predicted.outputs, predicted.kinds) == (data.outputs, data.kinds)
    stored = np.stack([predicted.read(name) for name in OUTPUTS], axis=-1)
    fields = data.read_inputs()
    np.testing.assert_array_equal(stored, surrogate(fields))
    pde.export_run(folder / "run", tmp_path / "exported")
    exported = pde.load_exported(tmp_path / "exported")
    coarse = fields[:, ::2, ::2]
    assert exported(coarse).shape == (40, 13, 9, 3)
    np.testing.assert_allclose(exported(coarse), surrogate(coarse), atol=1e-5)


@pytest.mark.slow
def test_one_output_of_several_is_trained_alone(folder, tmp_path, capsys):
    flags = "--model", "fno", "--resolution", 13, "--epochs", 1, "--width", 8, "--depth", 1
    data = folder / "data.h5"
    status, _, said = run(capsys, "train", data, "--out", tmp_path / "run", *flags, "--outputs", "pressure")
    assert status == 0
    assert "training uses potential, factor, pressure, not velocity-x, velocity-y" in said
    surrogate = pde.load(tmp_path / "run")
    assert [output.border for output in surrogate.run.outputs] == ["zero"]
    assert surrogate(pde.open(data).read_inputs()).shape == (40, 25, 17, 1)
    assert run(capsys, "evaluate", tmp_path / "run", data)[0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": ("pressure", "speed"), "boundary": "zero", "vectors": "[]"}, "no data set 'speed'"),
        ({"outputs": 3}, "its attribute outputs is 3; it must list names of data sets"),
        ({"vectors": "[["}, "its attribute vectors is '[[', which is no JSON"),
        ({"vectors": "velocity"}, "its vectors are 'velocity'; they must be lists of names in JSON"),
        ({"vectors": '[["velocity-x"]]'}, "vector velocity-x: it needs a component for each of the 2 axes"),
        ({"pseudoscalars": ("velocity-x",)}, "velocity-x is named twice among vectors and pseudoscalars"),
        (
            {"boundary": '{"pressure": "open"}'},
            "boundary of pressure is 'open'; it must be zero, neumann or unknown",
        ),
        ({"boundary": '{"velocity-x": "zero"}'}, "on the border, where boundary zero says that it vanishes"),
    ],
)
def test_declarations_that_do_not_fit_are_refused_in_a_sentence(folder, tmp_path, capsys, change, message):
    path = tmp_path / "data.h5"
    path.write_bytes((folder / "data.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs.update(change)
    flags = "--model", "fno", "--epochs", 1, "--width", 8, "--depth", 1
    error = refused(capsys, "train", path, "--out", tmp_path / "run", *flags)
    assert str(path) in error
    assert message in error
    assert not (tmp_path / "run").exists()


def test_flags_that_do_not_fit_are_refused_in_a_sentence(folder, tmp_path, capsys):
    flags = "--model", "fno", "--epochs", 1, "--out", tmp_path / "run"
    for named, message in (
        (("--outputs", "pressure", "velocity-x"), "its components must all be inputs, or all be outputs"),
        (("--inputs", "potential", "pressure"), "name one or more different data sets, no output among them"),
        (("--informed", "upscaled"), "--informed"),
    ):
        assert message in refused(capsys, "train", folder / "data.h5", *flags, *named)
