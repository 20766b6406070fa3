"""The command line as a user has it: what it prints, what it writes."""

import dataclasses
import json
import re
import shutil

import h5py
import numpy as np
import pytest

from pde import load
from pde.commands import train
from pde.commands.parsing import parse
from pde.runs.description import Transfer
from tests.command_line import TINY, refused, run


def test_generate_train_evaluate_predict_info(capsys, tmp_path):
    """The README's four commands, and what they leave behind."""
    data, out = tmp_path / "darcy.h5", tmp_path / "run"
    assert run(capsys, "generate", data, "--resolution", 17, "--samples", 12, "--seed", 5)[0] == 0
    assert run(capsys, "train", data, "--model", "fno", "--out", out, *TINY)[0] == 0
    table = tmp_path / "evaluation.json"
    status, printed, _ = run(capsys, "evaluate", out, data, "--json", table)
    assert status == 0
    assert "9 x  9" in printed
    assert "17 x 17" in printed
    report = json.loads(table.read_text())
    assert [row["resolution"] for row in report["rows"]] == [9, 17]
    assert {"relative_l2", "relative_mse", "relative_h1", "interval", "worst"} <= set(report["rows"][0]["direct"])
    for plot in ("evaluation-errors.png", "evaluation-sample.png", "evaluation-worst.png"):
        assert (tmp_path / plot).read_bytes().startswith(b"\x89PNG")
    assert run(capsys, "predict", out, data, tmp_path / "predicted.h5")[0] == 0
    for path, word in ((data, "17 x 17"), (out, "fno"), (tmp_path / "predicted.h5", "predicted_by")):
        status, printed, _ = run(capsys, "info", path)
        assert status == 0
        assert word in printed
        assert 3 < len(printed.splitlines()) <= 10


@pytest.mark.slow
def test_symmetries_average_predictions(capsys, under_symmetries, darcy_file, tmp_path):
    for name, flags in {"plain": (), "mean": ("--symmetries",)}.items():
        out, table = tmp_path / f"{name}.h5", tmp_path / f"{name}.json"
        assert run(capsys, "predict", under_symmetries, darcy_file, out, *flags)[0] == 0
        arguments = (under_symmetries, darcy_file, "--resolutions", 9, "--json", table, *flags)
        assert run(capsys, "evaluate", *arguments)[0] == 0
    with h5py.File(tmp_path / "plain.h5") as plain, h5py.File(tmp_path / "mean.h5") as mean:
        assert (bool(plain.attrs["symmetric"]), bool(mean.attrs["symmetric"])) == (False, True)
        assert (plain["solution"][()] != mean["solution"][()]).any()
    plain, mean = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("plain", "mean"))
    assert (plain["symmetric"], mean["symmetric"]) == (False, True)
    assert mean["rows"][0]["direct"]["relative_l2"] < plain["rows"][0]["direct"]["relative_l2"]


@pytest.mark.slow
def test_training_says_which_symmetries_its_errors_speak_against(capsys, under_symmetries, darcy_file, tmp_path):
    """Twenty validation samples are enough for errors that all lean to one side."""
    out, tilted = shutil.copytree(under_symmetries, tmp_path / "run"), tmp_path / "tilted.h5"
    shutil.copy(darcy_file, tilted)
    with h5py.File(tilted, "r+") as file:
        file["solution"][...] *= 1 + file["x"][()][:, None]
    new = ("--model", "fno", "--out", tmp_path / "tilted", *TINY, "--mesh", "data=1")
    for command, words in (
        ((darcy_file, "--out", out, "--resume"), ""),
        ((tilted, *new, "--symmetries", "all", "--validation", tilted), "not alike under flip-x, transpose: "),
    ):
        status, printed, said = run(capsys, "train", *command)
        assert status == 0
        assert "trained under flip-x, flip-y, transpose" in printed
        assert words in said
        assert ("--symmetries none" in said) == bool(words)


def test_predict_needs_no_solution_and_says_what_made_it(capsys, folder, tmp_path):
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file["coefficient"] = np.random.default_rng(0).uniform(3, 12, (3, 9, 9))
        file["x"] = file["y"] = np.linspace(0, 1, 9)
    assert run(capsys, "predict", folder / "run", tmp_path / "mine.h5", tmp_path / "out.h5")[0] == 0
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["solution"].shape == (3, 9, 9)
        assert file.attrs["predicted_by"] == "fno"
        assert file.attrs["mode"] == "direct"
    error = refused(capsys, "evaluate", folder / "run", tmp_path / "mine.h5")
    assert "no data set 'solution'" in error


def test_predict_goes_the_way_that_did_better_in_training_where_the_grid_is_another(
    capsys, folder, darcy_file, tmp_path
):
    shutil.copytree(folder / "run", tmp_path / "run")
    for name, errors in (("direct", (0.1, 0.2)), ("resample", (0.2, 0.1))):
        dataclasses.replace(load(folder / "run").run, transfer=Transfer(17, *errors)).save(tmp_path / "run")
        _, printed, _ = run(capsys, "predict", tmp_path / "run", darcy_file, tmp_path / f"auto-{name}.h5")
        assert printed.rstrip().endswith(name)
    for way in ("direct", "resample"):
        _, printed, _ = run(capsys, "predict", folder / "run", darcy_file, tmp_path / f"{way}.h5", "--mode", way)
        assert printed.rstrip().endswith(way)


def test_a_command_is_repeated_with_resume_whatever_its_flags(folder, darcy_file, tmp_path):
    shutil.copytree(folder / "run", tmp_path / "run")
    begun = load(folder / "run").run
    dataclasses.replace(begun, training=dataclasses.replace(begun.training, symmetries="none")).save(
        tmp_path / "run"
    )
    run_folder = str(tmp_path / "run")
    given = [str(darcy_file), "--model", "fno", "--out", run_folder, "--symmetries", "none", "--resume"]
    command = parse(train.flags(given), "manojax train", given, "")
    assert command.resume
    assert command.training.symmetries == "none"


def test_a_file_without_attributes_takes_boundary_and_domain_from_flags(capsys, folder, tmp_path):
    x = np.arange(8) / 8
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["coefficient"] = np.ones((2, 8, 8))
        file["solution"] = np.ones((2, 8, 8)) * np.multiply.outer(x > 0, x > 0)
        file["x"] = file["y"] = x
    flags = ("--boundary", "zero", "--domain", 0, 1, 0, 1)
    status, printed, _ = run(capsys, "evaluate", folder / "run", tmp_path / "plain.h5", *flags)
    assert status == 0
    assert "nearest points" in printed
    assert "No coarse solves: the solver needs equally spaced nodes, borders included, or" in printed


@pytest.mark.slow
def test_advice_on_border_and_domain_leads_to_coarse_solves_and_tells_what_it_costs(capsys, folder, tmp_path):
    rows, columns = np.linspace(0, 1, 8), np.linspace(0, 1, 5)
    with h5py.File(tmp_path / "even.h5", "w") as file:
        file["coefficient"] = np.ones((2, 8, 5))
        file["solution"] = np.multiply.outer([1.0, 2.0], np.outer(rows * (1 - rows), columns * (1 - columns)))
        file["x"], file["y"] = rows, columns
    command = ("evaluate", folder / "run", tmp_path / "even.h5", "--resolutions")
    _, printed, _ = run(capsys, *command, 4, 8)
    assert "if it is, say --boundary zero --domain x0 x1 y0 y1" in printed
    flags = ("--boundary", "zero", "--domain", 0, 1, 0, 1)
    _, printed, _ = run(capsys, *command, 8, *flags)
    assert "Coarse solves of -div(a grad u) = f" in printed
    error = refused(capsys, *command, 4, *flags)
    assert "choose one of 8" in error
    assert "without --boundary and --domain this one is possible too" in error


@pytest.mark.slow
def test_an_indicator_has_no_coarse_solves_and_the_table_says_why(capsys, folder, darcy_file, tmp_path):
    path = tmp_path / "indicator.h5"
    path.write_bytes(darcy_file.read_bytes())
    with h5py.File(path, "r+") as file:
        file["coefficient"][...] = file["coefficient"][...] > 5
    status, printed, _ = run(capsys, "evaluate", folder / "run", path, "--json", tmp_path / "evaluation.json")
    assert status == 0
    assert "No coarse solves: the coefficient is not positive everywhere" in printed
    assert "coarse solve " not in printed
    report = json.loads((tmp_path / "evaluation.json").read_text())
    assert list(report["coarse"]) == ["left_out"]
    assert "relative_near_interface" in report["rows"][0]["direct"]


def test_resume_takes_the_runs_own_configuration(capsys, folder, darcy_file):
    assert run(capsys, "train", darcy_file, "--out", folder / "run", "--resume")[0] == 0
    flags = ("--out", folder / "run", "--resume")
    assert run(capsys, "train", darcy_file, *flags, "--width", 8)[0] == 0
    assert "--width 9" in refused(capsys, "train", darcy_file, *flags, "--width", 9)
    assert "--epochs 7" in refused(capsys, "train", darcy_file, *flags, "--epochs", 7)
    assert "begun with fno" in refused(capsys, "train", darcy_file, *flags, "--model", "mano")


@pytest.mark.parametrize(
    "command",
    ["generate", "merge", "convert", "train", "sweep", "evaluate", "predict", "report", "info", "demo"],
)
def test_every_flag_is_explained(capsys, command):
    status, printed, _ = run(capsys, command, "--help")
    assert status == 0
    lines = printed.splitlines()
    flags = [number for number, line in enumerate(lines) if re.match(r"\W{0,2}--[a-z]", line)]
    assert flags or command in ("merge", "info")
    for number in flags:  # its text stands beside it, or below
        beside, below = lines[number][3:-1].rstrip(), lines[number + 1]
        assert "  " in beside or re.match(r"\W {5,}\S", below), beside


@pytest.mark.parametrize(("model", "flag"), [("fno", "--modes"), ("mano", "--window"), ("vit", "--patch")])
def test_help_shows_the_models_own_options(capsys, model, flag):
    assert flag in run(capsys, "train", "--model", model, "--help")[1]


def test_a_law_with_a_name_is_chosen_by_flags(capsys, tmp_path):
    flags = "--resolution 17 --samples 2 --lengths 1 0.25 --coefficient"
    for law, says in (("log-normal --log-scale 6", "exp(6 g)"), ("k-phase --phases 1 4 12", "1, 4, 12 in")):
        path = tmp_path / f"{law.split()[0]}.h5"
        assert run(capsys, "generate", path, *flags.split(), *law.split())[0] == 0
        assert f"a = {says}" in run(capsys, "info", path)[1]


def test_resume_begins_a_run_that_does_not_exist_and_continues_it(capsys, darcy_file, tmp_path):
    command = ("train", darcy_file, "--model", "fno", "--out", tmp_path / "run", *TINY, "--resume")
    assert run(capsys, *command)[0] == 0
    described = (tmp_path / "run" / "run.json").read_bytes()
    assert run(capsys, *command)[0] == 0
    assert (tmp_path / "run" / "run.json").read_bytes() == described
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 1


def test_data_sets_that_training_leaves_out_are_named(capsys, darcy_file, tmp_path):
    path = tmp_path / "more.h5"
    shutil.copy(darcy_file, path)
    with h5py.File(path, "r+") as file:
        file["extra"] = np.ones(file["solution"].shape)
    assert "20 of coefficient, extra, solution" in run(capsys, "info", path)[1]
    _, _, said = run(capsys, "train", path, "--model", "fno", "--out", tmp_path / "run", *TINY)
    assert "training uses coefficient, solution, not extra" in said


def test_info_says_that_the_learning_curve_has_been_deleted(capsys, folder, tmp_path):
    out = shutil.copytree(folder / "run", tmp_path / "run")
    (out / "metrics.jsonl").unlink()
    assert "metrics.jsonl is missing" in run(capsys, "info", out)[1]


@pytest.mark.slow
def test_errors_of_any_size_fit_their_columns(capsys, folder, darcy_file, tmp_path):
    path = tmp_path / "large.h5"
    shutil.copy(darcy_file, path)
    with h5py.File(path, "r+") as file:
        file["solution"][...] *= 1e-12
    status, printed, _ = run(capsys, "evaluate", folder / "run", path)
    assert status == 0
    assert "e+" in printed
    assert not re.search(r"\d{8}", printed)
    assert run(capsys, "report", folder / "run", path, "--out", tmp_path / "report.html")[0] == 0
    table = re.search(r"<table>.*?</table>", (tmp_path / "report.html").read_text(), re.DOTALL)
    assert table is not None
    assert "e+" in table[0]
    assert not re.search(r"\d{8}", table[0])
