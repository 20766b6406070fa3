"""Breakeven: the arithmetic, the search for the cheapest coarse solve, and both from the command line."""

import dataclasses
import json
import math

import numpy as np
import pytest

import pde
from pde.data import datasets
from pde.data.cost import cost_of, record_of
from pde.equations.registry import EQUATIONS
from pde.evaluation import classical as search
from pde.evaluation.baselines import coarse_baseline
from pde.evaluation.breakeven import Breakeven
from pde.evaluation.classical import Classical, cheapest
from pde.evaluation.evaluate import evaluate
from pde.metrics import sample_errors
from pde.reports.breakeven import sentences
from pde.runs.run import Run, seconds_of
from pde.surrogates.resampling import carried
from pde.system.machine import cores, processor
from pde.training.train import resume
from tests.command_line import TINY, refused, run
from tests.small_runs import start, start_and_interrupt

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


def errors_at(data, wanted):
    """Mean relative L2 of every scheme and stride at the points of one stride, all recomputed."""
    grid, true = data.grid.strided(wanted), data.read_solution(stride=wanted)
    means = {}
    for stride in map(data.stride_to, data.grid.resolutions()):
        for scheme in DARCY.schemes(stride):
            solved = [DARCY.solve(scheme, [a], data.grid, stride) for a in data.read("coefficient")]
            values = carried(np.stack(solved)[..., None].astype(np.float32), data.grid.strided(stride), grid)
            errors = sample_errors(values, true, (grid.x, grid.y))["relative_l2"]
            means[scheme, stride] = errors.mean()
    return means


@pytest.mark.parametrize("wanted", [2, 4])
def test_the_cheapest_solve_is_the_fastest_of_all_that_are_accurate_enough(darcy_file, monkeypatch, wanted):
    """Times are made up: they grow with the number of points, and differ by scheme."""
    data = datasets.open(darcy_file)
    cost = {"arithmetic": 1.0, "harmonic": 1.01, "mean": 2.0, "upscaled": 3.0}
    monkeypatch.setattr(search, "median_milliseconds", lambda call: time_of(call.func.scheme, call.func.stride))

    def time_of(scheme, stride):
        return cost[scheme] * (16 / stride + 1) ** 2

    means = errors_at(data, wanted)
    assert set(means) == {(s, k) for k in (1, 2, 4, 8) for s in DARCY.schemes(k)}
    for most in (1e-6, 0.008, 0.02, 0.05, 0.2, 1.0):
        enough = [each for each, error in means.items() if error <= most]
        best = cheapest(data, DARCY, wanted, most)
        assert (best.scheme, best.stride) == min(enough, key=lambda each: time_of(*each))
        assert best.error == pytest.approx(means[best.scheme, best.stride], rel=1e-3, abs=1e-6)
        assert best.resolution == 16 // best.stride + 1
    assert cheapest(data, DARCY, wanted, -1.0) is None


def test_errors_are_those_that_evaluate_prints(darcy_file, undisturbed):
    compared, data = pde.breakeven(pde.load(undisturbed), darcy_file), datasets.open(darcy_file)
    [row] = evaluate(pde.load(undisturbed), data, [9])["rows"]
    assert compared.error == pytest.approx(row["direct"]["relative_l2"])
    assert compared.classical.error <= compared.error
    [coarse] = coarse_baseline(data, [9])["rows"]
    best = cheapest(data, DARCY, 2, coarse["upscaled"]["relative_l2"] * 1.0001)
    assert best.error <= coarse["upscaled"]["relative_l2"] * 1.0001
    assert compared.milliseconds > 0


def test_a_run_records_what_it_and_the_samples_it_used_took(darcy_file, tmp_path):
    other = tmp_path / "other.h5"
    pde.generate(pde.Darcy(resolution=17), other, samples=3, seed=7)
    out = start(darcy_file, tmp_path / "run", train_samples=10, validation=str(other), epochs=2)
    recorded = pde.load(out).run
    expected = cost_of(darcy_file).seconds(20) / 2 + cost_of(other).seconds(3)
    assert recorded.data_seconds == pytest.approx(expected)
    assert recorded.training_seconds == pytest.approx(sum(line["seconds"] for line in pde.history(out)))
    assert (recorded.cores, recorded.processor) == (cores(), processor())


def test_samples_held_out_of_a_file_are_counted_once(darcy_file, undisturbed):
    assert pde.load(undisturbed).run.data_seconds == pytest.approx(cost_of(darcy_file).seconds(20))


def test_a_damaged_record_spoils_no_training_and_a_mended_one_is_read_on_resuming(darcy_file, tmp_path, capsys):
    data = tmp_path / "data.h5"
    data.write_bytes(darcy_file.read_bytes())
    record_of(data).write_text("{")
    out = start(data, tmp_path / "run", epochs=1)
    assert "the cost of the data is not known" in capsys.readouterr().err
    assert pde.load(out).run.data_seconds is None
    record_of(data).write_text(record_of(darcy_file).read_text())
    assert resume(data, out).run.data_seconds == pytest.approx(cost_of(data).seconds(20))
    record_of(data).unlink()
    assert resume(data, out).run.data_seconds is not None


def test_an_interrupted_run_adds_up_its_sessions(darcy_file, tmp_path, monkeypatch):
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 1, epochs=2)
    [first] = pde.history(tmp_path / "run")
    assert Run.open(tmp_path / "run").training_seconds is None
    recorded = resume(darcy_file, tmp_path / "run").run
    assert recorded.training_seconds > first["seconds"]
    assert recorded.training_seconds == pytest.approx(seconds_of(tmp_path / "run"))


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
