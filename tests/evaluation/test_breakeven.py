"""Breakeven: the arithmetic, and what it finds of a run, from Python and from the command line."""

import dataclasses
import json
import math

import pytest

import pde
from pde.data import datasets
from pde.data.cost import cost_of
from pde.equations.registry import EQUATIONS
from pde.evaluation.baselines import coarse_baseline
from pde.evaluation.breakeven import Breakeven
from pde.evaluation.classical import Classical, cheapest
from pde.evaluation.evaluate import evaluate
from pde.reports.breakeven import sentences
from tests.command_line import TINY, refused, run

DARCY = EQUATIONS["darcy"]


def found(**changes):
    """An operator of 2 ms that cost 30 s, beside a coarse solve of 5 ms."""
    known = Breakeven(
        resolution=9,
        error=0.01,
        milliseconds=2.0,
        classical=Classical("mean", 1, 9, 0.009, 5.0),
        left_out=None,
        data_seconds=10.0,
        training_seconds=20.0,
        cores=2,
        processor="Slow 1",
    )
    return dataclasses.replace(known, **changes)


def test_seconds_spent_are_divided_by_seconds_saved():
    assert found().predictions == pytest.approx(30 / 0.003)
    assert found().to_json()["predictions"] == found().predictions
    said = sentences(found())
    assert said.startswith(
        "Breakeven: after 10,000 predictions, 10 s for the data and 20 s for training on 2 cores"
    )
    assert "mean on 9 points a side (stride 1), takes 5.00 ms" in said


@pytest.mark.parametrize("milliseconds", [5.0, 6.0])
@pytest.mark.parametrize("data_seconds", [10.0, None])
def test_an_operator_that_is_not_faster_never_pays_off(milliseconds, data_seconds):
    slow = found(milliseconds=milliseconds, data_seconds=data_seconds)
    assert slow.predictions == math.inf
    assert slow.to_json()["predictions"] == "never"
    assert sentences(slow).startswith("Breakeven: never. ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data_seconds": None}, "does not record the seconds of the data"),
        ({"training_seconds": None}, "does not record the seconds of training"),
        ({"data_seconds": None, "training_seconds": None}, "the seconds of the data and training"),
        ({"classical": None}, "no coarse solve of the file is as accurate"),
        ({"classical": None, "left_out": "the file holds no coefficient"}, "the file holds no coefficient."),
    ],
)
def test_without_both_sides_it_is_unknown(changes, says):
    unknown = found(**changes)
    assert unknown.predictions is None
    assert json.loads(json.dumps(unknown.to_json()))["predictions"] == "unknown"
    assert sentences(unknown).startswith("Breakeven: unknown")
    assert says in sentences(unknown)


@pytest.mark.slow
def test_errors_are_those_that_evaluate_prints(darcy_file, undisturbed):
    compared, data = pde.breakeven(pde.load(undisturbed), darcy_file), datasets.open(darcy_file)
    [row] = evaluate(pde.load(undisturbed), data, [9])["rows"]
    assert compared.error == pytest.approx(row["direct"]["relative_l2"])
    assert compared.classical.error <= compared.error
    [coarse] = coarse_baseline(data, [9])["rows"]
    best = cheapest(data, DARCY, 2, coarse["upscaled"]["relative_l2"] * 1.0001)
    assert best.error <= coarse["upscaled"]["relative_l2"] * 1.0001
    assert compared.milliseconds > 0


@pytest.mark.slow
def test_from_the_command_line(capsys, tmp_path):
    data, out, table = tmp_path / "darcy.h5", tmp_path / "run", tmp_path / "evaluation.json"
    assert run(capsys, "generate", data, "--resolution", 17, "--samples", 12)[0] == 0
    assert run(capsys, "train", data, "--model", "fno", "--out", out, *TINY)[0] == 0
    status, printed, _ = run(capsys, "evaluate", out, data, "--resolutions", 9, "--breakeven", "--json", table)
    assert status == 0
    assert printed.splitlines()[-1].startswith("Breakeven: ")
    saved = json.loads(table.read_text())["breakeven"]
    assert saved["predictions"] == "never" or saved["predictions"] > 0
    assert (saved["resolution"], saved["classical"]["error"] <= saved["error"]) == (9, True)
    assert saved["data_seconds"] == pytest.approx(cost_of(data).seconds(12))
    assert saved["training_seconds"] > 0


def test_a_file_without_the_training_grid_is_refused(capsys, folder, tmp_path):
    pde.generate(pde.Darcy(resolution=13), tmp_path / "other.h5", samples=2, seed=0)
    error = refused(capsys, "evaluate", folder / "run", tmp_path / "other.h5", "--breakeven")
    assert "no stride of its 13 x 13 grid is the training grid of 9 x 9 points" in error


def test_a_saved_surrogate_knows_no_seconds(darcy_file, undisturbed, tmp_path):
    pde.load(undisturbed).save(tmp_path / "saved")
    compared = pde.breakeven(pde.load(tmp_path / "saved"), darcy_file)
    assert compared.predictions in (None, math.inf)
    assert compared.data_seconds is None
    assert compared.training_seconds is None
