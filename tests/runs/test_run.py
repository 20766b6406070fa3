"""Descriptions of runs, those of earlier versions as well."""

import dataclasses
import json
import shutil

import numpy as np

import pde
from pde.preprocessing.view import View
from pde.runs.run import Run, best_epoch


def as_of_0_1_0(folder, out):
    """The run as version 0.1.0 described it: the fields of the view among those of the training."""
    shutil.copytree(folder, out)
    description = json.loads((out / "run.json").read_text())
    description["training"] |= description["training"].pop("view")
    (out / "run.json").write_text(json.dumps(description))
    return out


def test_a_run_of_0_1_0_is_described_as_one_of_today(undisturbed, tmp_path):
    old = Run.open(as_of_0_1_0(undisturbed, tmp_path / "old"))
    assert old == dataclasses.replace(Run.open(undisturbed), grid=old.grid)  # grids are arrays
    assert old.view.inputs == ("coefficient",)


def test_a_view_of_0_1_0_keeps_all_its_fields(undisturbed, tmp_path):
    out = as_of_0_1_0(undisturbed, tmp_path / "old")
    description = json.loads((out / "run.json").read_text())
    view = View(("coefficient",), filter_width=0.0, restriction="means", informed="strided")
    description["training"] |= dataclasses.asdict(view)
    (out / "run.json").write_text(json.dumps(description))
    assert Run.open(out).view == view


def test_a_run_of_0_1_0_predicts(undisturbed, darcy_file, tmp_path):
    old, today = pde.load(as_of_0_1_0(undisturbed, tmp_path / "old")), pde.load(undisturbed)
    inputs = pde.open(darcy_file).read("coefficient")
    np.testing.assert_array_equal(old(inputs), today(inputs))


def test_the_best_epoch_is_none_that_diverged():
    errors = [float("nan"), 0.3, 0.2, float("inf")]
    epochs = [{"epoch": n, "validation": {"relative_l2": error}} for n, error in enumerate(errors)]
    assert best_epoch(epochs)["epoch"] == 2
