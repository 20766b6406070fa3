"""Operators with a solver inside: what they see, correct and refuse."""

import dataclasses
import functools
import json

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from manojax import FNOConfig
from pde.data import datasets
from pde.data.generate import generate
from pde.equations.darcy.coarse_channels import coarse_solutions
from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.equations.darcy.problem import Darcy
from pde.evaluation.evaluate import evaluate
from pde.evaluation.figures import worst_samples
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.runs.run import Run
from pde.surrogates.predict_file import predict
from pde.surrogates.surrogate import Surrogate
from pde.system.errors import InputError
from pde.training.train import resume, train
from tests.cases import slow
from tests.command_line import refused
from tests.command_line import run as command

FACES = {"strided": ("arithmetic", "harmonic"), "upscaled": ("upscaled",)}
INFORMED = pytest.mark.parametrize("informed", [slow("strided"), "upscaled"])
CONFIG = TrainingConfig(resolution=5, epochs=2)


def start(data, out, **changes):
    config = dataclasses.replace(CONFIG, view=View(**changes))
    train(data, out, model="fno", options=FNOConfig(width=8, depth=1), config=config)
    return out


@pytest.fixture(scope="module")
def folder_of(darcy_file, tmp_path_factory):
    """Folders of runs by kind, trained when they are first asked for; the upscaled one has cell means besides."""
    out, views = tmp_path_factory.mktemp("informed"), {"strided": {}, "upscaled": {"restriction": "means"}}
    return functools.cache(
        lambda informed: start(darcy_file, out / informed, informed=informed, **views[informed])
    )


def expected_solutions(data, stride, informed):
    """The coarse solves by the function that the tables use."""
    fields = data.read_inputs()[..., 0].astype(np.float64)
    solved = [[coarse_solve(a, data.grid, stride, faces) for faces in FACES[informed]] for a in fields]
    return np.moveaxis(np.array(solved), 1, -1)


@INFORMED
def test_the_solutions_are_those_of_the_coarse_solve(darcy_file, informed):
    data = datasets.open(darcy_file)
    for stride in (4, 1):
        coefficient = jnp.asarray(data.read_inputs(slice(3)))
        found = coarse_solutions(coefficient, data.grid, data.grid.strided(stride), informed)
        assert found.dtype == jnp.float64
        expected = expected_solutions(data, stride, informed)[:3]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * expected.max())


@INFORMED
def test_a_model_that_puts_out_zero_predicts_the_coarse_solve(darcy_file, folder_of, informed):
    """On the training grid and directly on a finer one."""
    trained, data = pde.load(folder_of(informed)), datasets.open(darcy_file)
    silent = Surrogate.of(trained.run, trained.graph, jax.tree.map(jnp.zeros_like, trained.params), 0)
    for stride in (4, 2):
        expected = expected_solutions(data, stride, informed).mean(axis=-1, keepdims=True)
        predicted = silent.predict(data.read_inputs(), data.grid, data.grid.strided(stride))
        np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-6 * expected.max())


@INFORMED
def test_the_correction_is_measured_in_its_own_deviation(darcy_file, folder_of, informed):
    """That of the 18 training samples, the last two being held out."""
    data, run = datasets.open(darcy_file), Run.open(folder_of(informed))
    solutions = expected_solutions(data, 4, informed)[:18]
    correction = data.read_outputs(slice(18), 4) - solutions.mean(axis=-1, keepdims=True)
    assert run.normalisation.output_deviation == pytest.approx([correction.std()], rel=1e-4)
    assert run.normalisation.output_mean == (0,)
    last = len(FACES[informed])
    assert run.normalisation.input_mean[-last:] == pytest.approx(solutions.mean(axis=(0, 1, 2)), rel=1e-5)


@INFORMED
def test_a_run_that_is_loaded_predicts_what_it_predicted_in_training(darcy_file, folder_of, informed):
    """The error of the held-out samples, from channels made before training, and from the file's field."""
    history = [json.loads(line) for line in (folder_of(informed) / "metrics.jsonl").read_text().splitlines()]
    surrogate, data = pde.load(folder_of(informed)), datasets.open(darcy_file)
    predicted = surrogate.predict(data.read_inputs(slice(18, 20)), data.grid, surrogate.run.grid)
    true = data.read_outputs(slice(18, 20), 4)
    errors = np.linalg.norm((predicted - true)[..., 0], axis=(1, 2)) / np.linalg.norm(true[..., 0], axis=(1, 2))
    noted = history[surrogate.epoch - 1]["validation"]["relative_l2"]
    assert errors.mean() == pytest.approx(noted, rel=1e-4)


@INFORMED
def test_direct_and_resample_evaluate_and_predict(darcy_file, folder_of, tmp_path, informed):
    surrogate, data = pde.load(folder_of(informed)), datasets.open(darcy_file)
    coarse, fine = evaluate(surrogate, data, [5, 17])["rows"]
    assert coarse["direct"]["relative_l2"] == coarse["resample"]["relative_l2"]
    assert fine["direct"]["relative_l2"] < 0.5
    assert predict(surrogate, data, tmp_path / "out.h5", "resample").mode == "resample"
    with h5py.File(tmp_path / "out.h5") as file:
        on_coarse = surrogate.predict(data.read_inputs(), data.grid, surrogate.run.grid)
        np.testing.assert_allclose(file["solution"][:, ::4, ::4], on_coarse[..., 0], atol=1e-6)


@pytest.mark.slow
def test_a_way_that_is_impossible_is_a_dash_and_the_rest_is_measured(capsys, folder_of, tmp_path):
    """The model runs on 7 nodes, of which its own 5 are no stride."""
    folder = folder_of("upscaled")
    capsys.readouterr()  # of the training, if this test is the first to ask for the run
    data, table = tmp_path / "seven.h5", tmp_path / "evaluation.json"
    generate(Darcy(resolution=7), data, samples=2, seed=0)
    status, printed, error = command(capsys, "evaluate", folder, data, "--json", table)
    assert status == 0
    row = json.loads(table.read_text())["rows"][0]
    reason = row["resample"]["left_out"]
    assert "5 x 5 grid is no stride of the file's 7 x 7 grid" in reason
    assert error == f"manojax: left out: fno resample on 7 x 7: {reason}\n"
    lines = [line.split() for line in printed.splitlines()]
    assert next(line for line in lines if "resample" in line)[-2:] == ["resample", "-"]
    assert f"{row['direct']['relative_l2']:.4f}" in next(line for line in lines if "direct" in line)
    assert f"direct {row['direct']['residual']:.2e}, truth" in printed
    assert {path.name for path in tmp_path.glob("*.png")} == {
        f"evaluation-{figure}.png" for figure in ("errors", "sample", "worst")
    }


@pytest.mark.slow
def test_where_no_way_is_possible_evaluation_is_an_error(capsys, darcy_file, folder_of, tmp_path):
    with h5py.File(tmp_path / "cells.h5", "w") as file, h5py.File(darcy_file) as nodes:
        for name in ("coefficient", "solution"):
            file[name] = nodes[name][:, :16, :16]
        file["x"] = file["y"] = (np.arange(16) + 0.5) / 16
        file.attrs.update(boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))
    error = refused(capsys, "evaluate", folder_of("upscaled"), tmp_path / "cells.h5")
    assert "equally spaced nodes" in error


def test_a_resumed_run_makes_the_same_channels(darcy_file, folder_of):
    resume(darcy_file, folder_of("upscaled"))  # or its data would not be those that it was begun with


@pytest.mark.slow
def test_the_command_line_has_it(capsys, darcy_file, tmp_path):
    flags, out = "--resolution 5 --epochs 1 --width 8 --informed upscaled --restriction means", tmp_path / "run"
    assert command(capsys, "train", darcy_file, "--model", "fno", "--out", out, *flags.split())[0] == 0
    assert "coefficient as cell means, coarse solutions (upscaled)" in command(capsys, "info", out)[1]


def with_another_source(file):
    file["solution"][...] *= 10


def without_a_border(file):
    del file.attrs["boundary"], file.attrs["domain"]


def with_a_negative_value(file):
    file["coefficient"][0, 4, 4] = -1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (with_another_source, "90% away from the file's: another equation, .*; leave --informed out"),
        (without_a_border, "add --boundary zero --domain"),
        (with_a_negative_value, "positive everywhere"),
    ],
)
def test_files_of_other_problems_are_refused(darcy_file, tmp_path, damage, message):
    path = tmp_path / "other.h5"
    path.write_bytes(darcy_file.read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(InputError, match=message):
        start(path, tmp_path / "run", informed="strided")
    assert not (tmp_path / "run").exists()


def test_grids_on_which_nothing_can_be_solved_are_refused(folder_of):
    """Cell centres hold no border; 7 nodes are no refinement of 5."""
    surrogate = pde.load(folder_of("upscaled"))
    centres = (np.arange(8) + 0.5) / 8
    cells = dataclasses.replace(surrogate.run.grid, axes=(centres, centres))
    with pytest.raises(InputError, match="equally spaced nodes"):
        surrogate.predict(np.ones((1, 8, 8, 1), np.float32), cells)
    nodes = dataclasses.replace(surrogate.run.grid, axes=(np.linspace(0, 1, 7),) * 2)
    with pytest.raises(InputError, match="5 x 5 grid is no stride of the file's 7 x 7 grid"):
        surrogate.resample(np.ones((1, 7, 7, 1), np.float32), nodes)


@pytest.mark.slow
def test_a_solve_that_fails_is_no_prediction(folder_of, tmp_path):
    """Contrasts of 1e12 on 17 x 17 nodes, none on every fourth: resampling, the evaluation goes on."""
    surrogate, axis = pde.load(folder_of("strided")), np.linspace(0, 1, 17)
    jumps = np.where(np.random.default_rng(0).uniform(size=(1, 17, 17)) < 0.5, 1.0, 1e12).astype(np.float32)
    jumps[:, ::4, ::4] = 1
    with pytest.raises(ArithmeticError, match="did not converge"):
        surrogate.predict(jumps[..., None], dataclasses.replace(surrogate.run.grid, axes=(axis, axis)))
    with h5py.File(tmp_path / "rough.h5", "w") as file:
        file["coefficient"], file["solution"] = jumps, np.pad(np.ones((1, 15, 15)), ((0, 0), (1, 1), (1, 1)))
        file["x"] = file["y"] = axis
        file.attrs.update(boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))
    data = datasets.open(tmp_path / "rough.h5")
    report = evaluate(surrogate, data, [17])
    assert "did not converge" in report["rows"][0]["direct"]["left_out"]
    (worst,) = worst_samples(surrogate, data, report)
    assert worst.samples[0][0] == f"sample 0, L2 {report['rows'][0]['resample']['relative_l2']:.4f}"
