"""The experiments of the paper: rows that are kept, sections that go on, tables of what there is."""

import json
from dataclasses import replace

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import pde
from benchmarks.accuracy.paper import interfaces, solves
from benchmarks.accuracy.paper.models import CASES
from benchmarks.accuracy.paper.plan import Plan, case
from benchmarks.accuracy.paper.rows import keep
from benchmarks.accuracy.paper.sets import Set
from benchmarks.pages import paper
from benchmarks.published.data import Data
from benchmarks.record import load
from manojax import FNOConfig
from pde.equations.darcy.problem import Darcy
from pde.runs.build import create, size_of, split

SETS = {"tiny": Set(Data("train.h5", "test.h5", Darcy(resolution=17)), 9)}


def row(section_case, seed, error, **budget):
    of = {"set": "cells-32", "case": section_case, "seed": seed, **budget, "options": {}}
    trained = {"parameters": 1000, "trained for": {"epochs": 3, "seconds": 20 * (seed + 1)}}
    return {"of": of, **trained, "relative_mse": error, "relative_l2": 2 * error}


def test_a_row_that_is_measured_again_takes_the_place_of_the_old_one(tmp_path):
    file = tmp_path / "paper.json"
    for section, each in (
        ("models", row("fno", 0, 1.0, epochs=3)),
        ("models", row("fno", 1, 2.0, epochs=3)),
        ("ablations", row("fno", 0, 3.0, epochs=3)),
        ("models", row("fno", 0, 4.0, epochs=3)),
    ):
        keep(file, section, each)
    found = json.loads(file.read_text())
    assert [each["relative_mse"] for each in found["models"]] == [2.0, 4.0]
    assert [each["relative_mse"] for each in found["ablations"]] == [3.0]
    assert found["models"][0]["machine"]["cores"] > 0


def test_a_table_has_means_over_seeds_and_the_command_of_each_row(tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "RESULTS", tmp_path)
    monkeypatch.setattr(paper, "load", lambda name: json.loads((tmp_path / f"{name}.json").read_text()))
    assert paper.sections()["models"] == "Not run yet."
    everything = "models FOLDER --data DATA --sets darcy-16 cells-32 nodes-31 --minutes 15\n"
    rest = ("models", "ablations", "transfer", "interfaces", "cost")
    assert everything in paper.sections()["not_run"]
    assert all(f"benchmarks.accuracy.paper {section} FOLDER" in paper.sections()["not_run"] for section in rest)
    keep(tmp_path / "paper.json", "models", row("mano", 0, 0.01, epochs=3))
    keep(tmp_path / "paper.json", "models", row("mano", 1, 0.03, epochs=3))
    changed = row("mano", 0, 0.07, minutes=0.5)
    changed["of"]["options"] = {"batch_size": 5}
    keep(tmp_path / "paper.json", "models", changed)
    written = paper.sections()
    means = "| cells-32: mano | 1 k | 3 | 30 | 0 1 | 0.0200 | 0.0400 |"
    assert f"{means} `models --sets cells-32 --cases mano --epochs 3 --seeds 0 1` |" in written["models"]
    options = '{"mano": {"batch_size": 5}}'
    assert (
        f"`models --sets cells-32 --cases mano --minutes 0.5 --seeds 0 --options '{options}'`" in written["models"]
    )
    solved = {"of": {"set": "cells-32", "case": "coarse-solve"}, "milliseconds": 2.0}
    keep(tmp_path / "paper.json", "solves", {**solved, "relative_mse": 0.001, "relative_l2": 0.03})
    plain = (
        "| cells-32: coarse-solve, 2.0 ms a sample | none |  |  |  | 0.00100 | 0.0300 | `solves --sets cells-32` |"
    )
    assert plain in paper.sections()["models"]
    others = "--cases mano-patches mano-paper mano-reference-93k fno vit full-attention mano-reference"
    for left in ("--data DATA --sets darcy-16 nodes-31", f"--sets cells-32 {others}"):
        for budget in ("--minutes 15", "--epochs 15"):
            assert f"models FOLDER {left} {budget}\n" in written["not_run"]
    assert "ablations FOLDER" in written["not_run"]


@pytest.mark.slow
@pytest.mark.parametrize("budget", [{"epochs": 1, "minutes": None}, {"epochs": None, "minutes": 1e-6}])
def test_a_section_goes_on_where_it_was_left(tmp_path, budget):
    plan = Plan(
        section="models",
        folder=tmp_path,
        data=tmp_path,
        sets=["tiny"],
        cases=["fno"],
        seeds=[0],
        options={"fno": {"learning_rate": 1e-3}},
        small=True,
        **budget,
    )
    cases = {"fno": case("fno", FNOConfig(width=4, modes=(2, 2)))}
    (first,) = plan.errors(SETS, cases)
    assert first["of"]["options"] == {"learning_rate": 1e-3}
    assert first["trained for"]["epochs"] == 1
    (run,) = tmp_path.glob("small-tiny-fno-*")
    history = (run / "metrics.jsonl").read_text()
    assert list(plan.errors(SETS, cases)) == [first]
    assert (run / "metrics.jsonl").read_text() == history
    (other,) = replace(plan, options={}).errors(SETS, cases)
    assert other["relative_l2"] != first["relative_l2"]


def test_the_reference_at_our_size_has_about_as_many_parameters_as_our_default():
    ours, theirs = (parameters(CASES[name]) for name in ("mano", "mano-reference-93k"))
    assert 0.9 < theirs / ours < 1.1


def parameters(chosen):
    view = replace(chosen.config.view, inputs=("coefficient",))
    built = nnx.eval_shape(lambda: create(chosen.model, chosen.options, view, "float32", 0))
    return size_of(split(built)[1])


@pytest.mark.slow
def test_a_fitted_solve_finds_the_contrast_and_the_scale_of_its_file(tmp_path):
    """Two phases on 9 x 9 nodes, of which the files leave out the last row and column."""
    files = {}
    for name, samples in (("train", 6), ("test", 2)):
        phases = np.random.default_rng(samples).integers(0, 2, (samples, 9, 9)).astype(float)
        phases[:, -1], phases[:, :, -1] = phases[:, -2], phases[:, :, -2]
        with jax.enable_x64(True):
            kind = {"source": jnp.ones((9, 9)), "spacing": (1 / 8, 1 / 8), "faces": "harmonic"}
            solved = [np.asarray(pde.solve(jnp.asarray(1 + 6 * each), **kind).solution) for each in phases]
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["coefficient"], file["solution"] = phases[:, :-1, :-1], 2.5 * np.stack(solved)[:, :-1, :-1]
            file["x"] = file["y"] = np.arange(8) / 8
        files[name] = pde.open(tmp_path / f"{name}.h5", boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))
    found = solves.fitted(**files)
    assert found["fitted"] == pytest.approx({"ratio": 7.0, "scale": 2.5}, rel=1e-2)
    assert found["relative_mse"] < 1e-5


def test_a_coarse_solve_is_ahead_at_each_contrast_near_interfaces_and_elsewhere():
    """As the text of `docs/paper.md` says; the errors themselves come into it from the results."""
    found = load("paper")
    trained = {(each["of"]["set"], each["of"]["case"]): each for each in found["interfaces"]}
    solved = {each["of"]["set"]: each for each in found["solves"]}
    assert {name for name, _ in trained} == set(interfaces.SETS)
    for (name, _), each in trained.items():
        for key in ("relative_l2", "relative_near_interface", "relative_elsewhere"):
            assert solved[name][key] < each[key]
        assert each["relative_near_interface"] > each["relative_elsewhere"]
