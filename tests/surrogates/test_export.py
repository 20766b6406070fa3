"""Exported models: the numbers of the surrogate, in a process that has neither Flax nor this project."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

import pde
from pde.cli import main
from pde.runs.run import SPREAD
from pde.surrogates.export import export_run, named
from pde.system.errors import InputError
from tests.command_line import refused, run
from tests.small_runs import MANO, history, start

pytestmark = pytest.mark.slow

WITHOUT = """
import os, re, sys
import numpy as np
for name in ("flax", "manojax", "pde"):
    sys.modules[name] = None  # importing it raises
for folder in sys.argv[1:]:
    os.chdir(folder)
    snippet = re.search(r"```python\\n(.*?)```", open("README.md").read(), re.S).group(1)
    known = {}
    exec(snippet, known)
    assert known["solution"].shape == (1, *np.load("fields.npy").shape[1:3], 1)
    fields = np.load("fields.npy")
    np.savez("found.npz", one=known["model"].call(fields[:1]), all=known["model"].call(fields))
"""


@dataclass(frozen=True)
class Case:
    run: Path
    out: Path
    surrogate: pde.Surrogate
    mode: str

    @property
    def exported(self):
        return pde.load_exported(self.out)


@pytest.fixture(scope="module")
def cases(darcy_file, undisturbed, tmp_path_factory):
    """FNO as trained; MANO on a finer grid, direct and, averaged over symmetries, resampled; coarse solves."""
    root, brief = tmp_path_factory.mktemp("exports"), {"epochs": 1, "validation": "none"}
    mano = start(darcy_file, root / "mano", MANO, symmetries="all", **brief)
    informed = start(darcy_file, root / "informed", restriction="means", informed="strided", **brief)
    chosen = {
        "fno": (undisturbed, {}),
        "mano": (mano, {"resolution": 17, "mode": "direct"}),
        "symmetric": (mano, {"resolution": 17, "mode": "resample", "symmetric": True}),
        "informed": (informed, {}),
    }
    made = {}
    for name, (folder, options) in chosen.items():
        config = export_run(folder, root / f"exported-{name}", **options)
        surrogate = pde.load(folder, symmetric=name == "symmetric")
        made[name] = Case(folder, root / f"exported-{name}", surrogate, config["mode"])
    return made


@pytest.fixture
def copy(cases, tmp_path):
    """An exported folder to damage."""
    for path in cases["fno"].out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def fields_on(grid, samples=3):
    """Of two phases, cut at random."""
    return np.random.default_rng(0).choice(np.array([3, 12], np.float32), (samples, *grid.shape, 1))


def test_the_snippet_of_the_card_gives_the_same_without_flax(cases):
    for case in cases.values():
        np.save(case.out / "fields.npy", fields_on(case.exported.grid))
    folders = [str(case.out) for case in cases.values()]
    subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT, *folders], check=True)
    for case in cases.values():
        grid = case.exported.grid
        expected = case.surrogate(fields_on(grid), grid, mode=case.mode)
        found, most = np.load(case.out / "found.npz"), 1e-6 * np.abs(expected).max()
        np.testing.assert_allclose(found["all"], expected, rtol=0, atol=most)
        np.testing.assert_allclose(found["one"], expected[:1], rtol=0, atol=most)


def test_read_back_it_takes_what_the_surrogate_takes(cases):
    case = cases["mano"]
    exported, fields = case.exported, fields_on(case.exported.grid)
    assert exported.grid == case.surrogate.run.grid.of_shape((17, 17))
    expected = case.surrogate(fields, mode="direct")
    most = 1e-6 * np.abs(expected).max()
    np.testing.assert_allclose(exported(fields), expected, rtol=0, atol=most)
    np.testing.assert_allclose(exported(fields[..., 0]), expected[..., 0], rtol=0, atol=most)
    np.testing.assert_allclose(exported(fields[0, ..., 0]), expected[0, ..., 0], rtol=0, atol=most)
    traced = jax.jit(lambda a: 2 * exported(a))(jnp.asarray(fields))
    np.testing.assert_allclose(traced, 2 * expected, rtol=0, atol=2 * most)
    slopes = [
        jax.grad(lambda a, u=u: (u(a) ** 2).sum())(jnp.asarray(fields))
        for u in (exported, partial(case.surrogate, mode="direct"))
    ]
    np.testing.assert_allclose(*slopes, rtol=0, atol=1e-5 * np.abs(slopes[1]).max())
    with pytest.raises(InputError, match="fields of 9 x 9 points: the grid has 17 x 17"):
        exported(fields[:, ::2, ::2])
    with pytest.raises(InputError, match="one channel for each of coefficient"):
        exported(np.concatenate([fields, fields], axis=-1))


def test_it_refuses_what_the_surrogate_refuses(cases):
    exported = cases["informed"].exported
    with pytest.raises(InputError, match="positive everywhere"):
        exported(-fields_on(exported.grid))
    with pytest.raises(InputError, match="hold NaN or infinity"):
        cases["fno"].exported(np.nan * fields_on(exported.grid))
    broken = replace(exported, program=lambda fields: np.nan * fields)
    with pytest.raises(ArithmeticError, match="put out NaN"):
        broken(fields_on(exported.grid))


def test_the_weights_are_the_parameters(cases):
    for case in cases.values():
        weights, params = load_file(case.out / "weights.safetensors"), named(case.surrogate.params)
        assert weights.keys() == params.keys()
        assert sum(weight.size for weight in weights.values()) == case.surrogate.run.parameters
        for name in weights:
            np.testing.assert_array_equal(weights[name], params[name])
    assert "operator.blocks.0.spectral.weight" in load_file(cases["fno"].out / "weights.safetensors")


def test_the_card_says_what_the_run_knows(cases):
    case = cases["fno"]
    card, run = (case.out / "README.md").read_text(), case.surrogate.run
    _, head, body = card.split("---\n", 2)
    assert yaml.safe_load(head)["library_name"] == "manojax"
    assert {"neural-operator", "fno"} <= set(yaml.safe_load(head)["tags"])
    errors = next(line for line in history(case.run) if line["epoch"] == case.surrogate.epoch)["validation"]
    for name, points in (("relative_l2", 9), ("relative_mse", 9), ("relative_h1", 9)):
        assert f"| {name.replace('_', ' ')}, {points} points | {errors[name]:.4g} |" in body
    assert f"| relative l2, 17 points, direct | {run.transfer.direct:.4g} |" in body
    assert f"| relative l2, 17 points, resample | {run.transfer.resample:.4g} |" in body
    assert f"|\n\n{SPREAD}\n" in body
    for known in (run.digest, run.data, f"{run.parameters:,} parameters", f"jax {jax.__version__}"):
        assert known in body
    assert "not the training grid" not in body
    assert "not the training grid of 9 x 9" in (cases["symmetric"].out / "README.md").read_text()


def test_without_validation_the_card_has_the_loss(cases):
    case = cases["informed"]
    body = (case.out / "README.md").read_text()
    assert "There was no validation part." in body
    assert f"of the last epoch was {history(case.run)[0]['train_loss']:.4g}" in body
    assert "the coefficient must be positive everywhere" in body


def test_the_command_line_exports_and_predicts(cases, undisturbed, darcy_file, tmp_path, capsys):
    """Nine nodes of the seventeen of the file; the fields are the strided ones."""
    status, said, _ = run(capsys, "export", undisturbed, tmp_path / "out")
    assert (status, said) == (0, f"{tmp_path / 'out'}: fno at 9 x 9, direct, for cpu, cuda, tpu\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    predicted = tmp_path / "predicted.h5"
    status, said, _ = run(capsys, "predict", tmp_path / "out", darcy_file, predicted, "--exported")
    assert (status, said) == (0, f"{predicted}: predicted by fno as exported, direct\n")
    data = pde.data.datasets.open(darcy_file)
    expected = cases["fno"].surrogate(data.read("coefficient", stride=2))
    with h5py.File(predicted) as file:
        np.testing.assert_allclose(file["solution"][:], expected, rtol=0, atol=1e-6 * np.abs(expected).max())
        np.testing.assert_array_equal(file["x"][:], data.grid.x[::2])
        assert file.attrs["predicted_by"] == "fno"
        assert file.attrs["epoch"] == cases["fno"].surrogate.epoch


def test_what_cannot_be_exported_is_one_sentence(undisturbed, tmp_path, capsys):
    assert "exists already" in refused(capsys, "export", undisturbed, tmp_path)
    out = tmp_path / "out"
    assert "holds no run" in refused(capsys, "export", tmp_path, out)
    assert "resolution 1 does not divide" in refused(capsys, "export", undisturbed, out, "--resolution", "1")
    assert "trained under none" in refused(capsys, "export", undisturbed, out, "--symmetries")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_predicted_is_one_sentence(cases, undisturbed, darcy_file, tmp_path, capsys):
    out = tmp_path / "predicted.h5"
    assert "leave --exported out" in refused(capsys, "predict", undisturbed, darcy_file, out, "--exported")
    exported = (cases["mano"].out, darcy_file, out, "--exported")
    assert "--mode direct: an exported model" in refused(capsys, "predict", *exported, "--mode", "direct")
    assert "--symmetries: an exported model" in refused(capsys, "predict", *exported, "--symmetries")
    coarse = tmp_path / "coarse.h5"
    assert main(["generate", str(coarse), "--samples", "1", "--resolution", "9"]) == 0
    capsys.readouterr()
    error = refused(capsys, "predict", cases["mano"].out, coarse, out, "--exported")
    assert "no stride of its 9 x 9 grid is the 17 x 17 grid" in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("model.stablehlo", lambda content: content[:-100], "model.stablehlo is missing or damaged"),
        ("model.stablehlo", None, "model.stablehlo is missing or damaged"),
        ("config.json", None, "nothing that manojax export wrote"),
        ("config.json", lambda content: content[:-100], "config.json is damaged or of another version"),
        ("config.json", lambda _: b"[]", "config.json is damaged or of another version"),
        ("config.json", lambda _: b'{"architectures": []}', "config.json is damaged or of another version"),
        ("config.json", lambda _: b'{"format": 9}', "format 9 where 1 is read"),
        ("config.json", lambda content: content.replace(b'"epoch"', b'"age"'), "no epoch"),
    ],
)
def test_damaged_and_foreign_folders_are_one_sentence(copy, darcy_file, capsys, name, damage, said):
    path = copy / name
    content = path.read_bytes()
    path.unlink()
    if damage is not None:
        path.write_bytes(damage(content))
    assert said in refused(capsys, "predict", copy, darcy_file, copy / "out.h5", "--exported")


def test_a_program_that_jax_cannot_read_is_one_sentence(copy, darcy_file, capsys):
    """As one from a JAX of years ago: whole, but not understood."""
    from pde.surrogates.exported import digest

    config = json.loads((copy / "config.json").read_text())
    (copy / "model.stablehlo").write_bytes(b"of another time")
    config["files"]["model.stablehlo"] = digest(b"of another time")
    (copy / "config.json").write_text(json.dumps(config))
    assert "cannot be read by JAX" in refused(capsys, "predict", copy, darcy_file, copy / "out.h5", "--exported")
