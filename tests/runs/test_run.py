"""Descriptions of runs, those of earlier versions as well."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import pde
from pde.preprocessing.view import View
from pde.runs.run import Run, best_epoch
from tests.command_line import run

FIXTURES = Path(__file__).parents[1] / "fixtures"


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


def test_a_run_from_before_there_was_a_scaling_opens(undisturbed, tmp_path):
    """It was sealed with a view that had no such field."""
    shutil.copytree(undisturbed, tmp_path / "old")
    description = json.loads((tmp_path / "old" / "run.json").read_text())
    del description["training"]["view"]["scaling"], description["training"]["scale_free"]
    (tmp_path / "old" / "run.json").write_text(json.dumps(description))
    bound = {name: description[name] for name in ("model", "options", "grid", "normalisation")}
    bound |= {name: description["training"][name] for name in ("view", "precision")}
    seal = hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()
    assert Run.open(tmp_path / "old").seal == seal
    coefficient = np.full((9, 9), 7.0, np.float32)
    np.testing.assert_array_equal(pde.load(tmp_path / "old")(coefficient), pde.load(undisturbed)(coefficient))


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """A folder with a data file, a run on it and what that predicted, all of version 0.1.0."""
    folder = tmp_path_factory.mktemp("0.1.0")
    shutil.unpack_archive(FIXTURES / "run_0_1_0.zip", folder)
    return folder


def test_a_run_of_0_1_0_predicts_as_then(archived):
    coefficient = pde.open(archived / "data.h5").read("coefficient")
    predicted = pde.load(archived / "run")(coefficient)
    scale = np.abs(predicted).max()
    np.testing.assert_allclose(predicted / scale, np.load(archived / "predicted.npy") / scale, atol=1e-5)


@pytest.mark.slow
def test_a_run_of_0_1_0_serves_every_command(capsys, archived, tmp_path):
    out, data = archived / "run", archived / "data.h5"
    for command in (
        ("info", out),
        ("evaluate", out, data),
        ("predict", out, data, tmp_path / "predicted.h5"),
        ("export", out, tmp_path / "model.bin"),
        ("report", out, data, "--out", tmp_path / "report.html"),
    ):
        status, _, said = run(capsys, *command)
        assert status == 0, said


def test_a_run_of_0_1_0_is_not_trained_on(capsys, archived):
    before = {path: path.read_bytes() for path in (archived / "run").rglob("*") if path.is_file()}
    status, _, said = run(capsys, "train", archived / "data.h5", "--out", archived / "run", "--resume")
    assert status == 2
    assert said.splitlines()[-1].startswith("manojax: error: ")
    assert "was trained by version 0.1.0" in said
    assert "train into a new folder" in said
    after = {path: path.read_bytes() for path in (archived / "run").rglob("*") if path.is_file()}
    assert after.keys() >= before.keys()
    assert all(after[path] == content for path, content in before.items())


def test_the_best_epoch_is_none_that_diverged():
    errors = [float("nan"), 0.3, 0.2, float("inf")]
    epochs = [{"epoch": n, "validation": {"relative_l2": error}} for n, error in enumerate(errors)]
    assert best_epoch(epochs)["epoch"] == 2


def test_no_history_where_there_is_no_run(tmp_path):
    with pytest.raises(pde.InputError, match="holds no run"):
        pde.history(tmp_path)
