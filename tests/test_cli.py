"""The command line as a user has it: what it prints, what it writes, how it ends."""

import dataclasses
import json
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from pde import load
from pde.cli import main
from pde.darcy import Darcy
from pde.runs import Transfer
from pde.train_command import parse_train
from tests.commands import refused, run

TINY = ("--resolution", "9", "--epochs", "1", "--width", "8", "--depth", "1")


@pytest.fixture(scope="module")
def folder(darcy_file, tmp_path_factory):
    out = tmp_path_factory.mktemp("cli")
    assert main(["train", str(darcy_file), "--model", "fno", "--out", str(out / "run"), *TINY]) == 0
    return out


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


def test_symmetries_average_predictions(capsys, folder, darcy_file, tmp_path):
    for name, flags in {"plain": (), "mean": ("--symmetries",)}.items():
        out, table = tmp_path / f"{name}.h5", tmp_path / f"{name}.json"
        assert run(capsys, "predict", folder / "run", darcy_file, out, *flags)[0] == 0
        evaluated = run(
            capsys, "evaluate", folder / "run", darcy_file, "--resolutions", 9, "--json", table, *flags
        )
        assert evaluated[0] == 0
    with h5py.File(tmp_path / "plain.h5") as plain, h5py.File(tmp_path / "mean.h5") as mean:
        assert (bool(plain.attrs["symmetric"]), bool(mean.attrs["symmetric"])) == (False, True)
        assert (plain["solution"][()] != mean["solution"][()]).any()
    plain, mean = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("plain", "mean"))
    assert (plain["symmetric"], mean["symmetric"]) == (False, True)
    assert mean["rows"][0]["direct"]["relative_l2"] < plain["rows"][0]["direct"]["relative_l2"]


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
    dataclasses.replace(begun, training=dataclasses.replace(begun.training, symmetries=True)).save(
        tmp_path / "run"
    )
    command = parse_train(
        [str(darcy_file), "--model", "fno", "--out", str(tmp_path / "run"), "--symmetries", "--resume"]
    )
    assert command.resume
    assert command.training.symmetries


def test_a_file_without_attributes_takes_boundary_and_domain_from_flags(capsys, folder, tmp_path):
    x = np.arange(8) / 8
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["coefficient"] = np.ones((2, 8, 8))
        file["solution"] = np.ones((2, 8, 8))
        file["x"] = file["y"] = x
    flags = ("--boundary", "zero", "--domain", 0, 1, 0, 1)
    status, printed, _ = run(capsys, "evaluate", folder / "run", tmp_path / "plain.h5", *flags)
    assert status == 0
    assert "nearest points" in printed
    assert "No coarse solves: the solver needs equally spaced nodes, borders included, or" in printed


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


def test_an_unknown_model_suggests_the_near_one(capsys, darcy_file, tmp_path):
    error = refused(capsys, "train", darcy_file, "--model", "fnoo", "--out", tmp_path / "run")
    assert "did you mean fno?" in error
    assert not (tmp_path / "run").exists()


def test_options_that_the_model_does_not_have_or_take_are_refused(capsys, darcy_file, tmp_path):
    flags = ("--model", "fno", "--out", tmp_path / "run")
    for wrong in (("--window", 2), ("--width", 0), ("--depth", "deep"), ("--padding", "nan")):
        status, _, error = run(capsys, "train", darcy_file, *flags, *wrong)
        assert status == 2
        assert "Traceback" not in error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "command", ["generate", "merge", "convert", "train", "evaluate", "predict", "info", "demo"]
)
def test_every_flag_is_explained(capsys, command):
    status, printed, _ = run(capsys, command, "--help")
    assert status == 0
    assert "(default" in printed or command == "info"


@pytest.mark.parametrize(("model", "flag"), [("fno", "--modes"), ("mano", "--window"), ("vit", "--patch")])
def test_help_shows_the_models_own_options(capsys, model, flag):
    assert flag in run(capsys, "train", "--model", model, "--help")[1]


def test_bad_input_is_one_sentence_and_damages_nothing(capsys, folder, darcy_file, tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("hello")
    nowhere, empty = tmp_path / "nowhere", tmp_path / "empty"
    empty.mkdir()
    fresh = ("--model", "fno", "--out", tmp_path / "new")
    cases = [
        (("info", nowhere), "no such file"),
        (("info", text), "no data file that can be read"),
        (("info", empty), "holds no run"),
        (("train", nowhere, *fresh), "no such file"),
        (("train", text, *fresh), "no data file that can be read"),
        (("train", darcy_file, *fresh, "--resolution", 12), "choose one of 3 5 9 17"),
        (("train", darcy_file, *fresh, "--train-samples", 99), "has 20 samples"),
        (("train", darcy_file, *fresh, "--inputs", "coefficient", "source"), "no data set 'source'"),
        (("train", darcy_file, *fresh, "--modes", 99, 99), "at most 9 9"),
        (("train", darcy_file, "--model", "fno", "--out", folder / "run"), "exists already"),
        (("train", darcy_file, "--model", "fno", "--out", empty), "exists already"),
        (("train", darcy_file, "--out", empty, "--resume"), "holds no run"),
        (("train", darcy_file, "--out", nowhere, "--resume"), "no such run folder"),
        (("evaluate", empty, darcy_file), "holds no run"),
        (("evaluate", folder / "run", nowhere), "no such file"),
        (("evaluate", folder / "run", darcy_file, "--resolutions", 4), "choose one of"),
        (("evaluate", folder / "run", darcy_file, "--json", nowhere / "a.json"), "cannot be written"),
        (("evaluate", folder / "run", darcy_file, "--json", empty), "is a folder"),
        (("predict", folder / "run", darcy_file, darcy_file), "exists already"),
        (("predict", folder / "run", darcy_file, nowhere / "out.h5"), "cannot be written"),
        (("generate", darcy_file), "exists already"),
        (("generate", tmp_path / "a.h5", "--samples", 0), "--samples 0"),
        (("generate", tmp_path / "a.h5", "--seed", 2**70), "--seed"),
        (("demo", "--out", tmp_path / "demo", "--seed", -2), "--seed"),
        (("generate", nowhere / "a.h5", "--samples", 1), "cannot be written"),
        (("demo", "--out", empty), "exists already"),
    ]
    before = darcy_file.read_bytes()
    for arguments, message in cases:
        assert message in refused(capsys, *arguments), arguments
    assert darcy_file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "text.h5"]
    assert not list(empty.iterdir())


def with_nan(file):
    file["coefficient"][3, 2, 2] = np.nan


def with_another_shape(file):
    del file["solution"]
    file["solution"] = np.ones((20, 17, 16))


def without_solution(file):
    del file["solution"]


def with_y_reversed(file):
    file["y"][...] = file["y"][...][::-1]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (with_nan, "coefficient 3 holds NaN"),
        (with_another_shape, "solution has shape (20, 17, 16)"),
        (without_solution, "no data set 'solution'"),
        (with_y_reversed, "coordinate y"),
    ],
)
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_damaged_data_are_one_sentence(capsys, folder, darcy_file, tmp_path, command, damage, message):
    path = tmp_path / "damaged.h5"
    path.write_bytes(darcy_file.read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    train = ("train", path, "--model", "fno", "--out", tmp_path / "run")
    error = refused(capsys, *(train if command == "train" else ("evaluate", folder / "run", path)))
    assert message in error
    assert str(path) in error
    assert [left.name for left in tmp_path.iterdir()] == ["damaged.h5"]


def test_a_truncated_file_is_one_sentence(capsys, darcy_file, tmp_path):
    path = tmp_path / "short.h5"
    path.write_bytes(darcy_file.read_bytes()[:-5000])
    assert "truncated" in refused(capsys, "train", path, "--model", "fno", "--out", tmp_path / "run")
    assert [left.name for left in tmp_path.iterdir()] == ["short.h5"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--contrast-low 0", "--contrast-low 0.0 must be positive and finite"),
        ("--tau -1", "--tau -1.0 must be positive and finite"),
        ("--lengths 1 0", "--lengths 1.0 0.0 must be positive and finite"),
        ("--coefficient lognormal", "did you mean log-normal?"),
        ("--coefficient log-normal", "needs --log-scale"),
        ("--coefficient log-normal --log-scale 0", "--log-scale 0.0 must be positive and finite"),
        ("--coefficient log-normal --log-scale inf", "--log-scale inf must be positive and finite"),
        ("--coefficient log-normal --log-scale 6 --contrast-high 12", "--contrast-high belongs to"),
        ("--coefficient k-phase", "needs --phases"),
        ("--coefficient k-phase --phases 1 -4 12", "--phases 1.0 -4.0 12.0 must be positive and finite"),
        ("--coefficient k-phase --phases 1", "--phases must be two values or more"),
        ("--log-scale 6", "--log-scale belongs to --coefficient log-normal, not to two-phase"),
    ],
)
def test_a_law_that_makes_no_sense_is_one_sentence(capsys, tmp_path, flags, message):
    assert message in refused(capsys, "generate", tmp_path / "a.h5", *flags.split())
    assert not list(tmp_path.iterdir())


def test_a_law_with_a_name_is_chosen_by_flags(capsys, tmp_path):
    flags = "--resolution 17 --samples 2 --lengths 1 0.25 --coefficient"
    for law, says in (("log-normal --log-scale 6", "exp(6 g)"), ("k-phase --phases 1 4 12", "1, 4, 12 in")):
        path = tmp_path / f"{law.split()[0]}.h5"
        assert run(capsys, "generate", path, *flags.split(), *law.split())[0] == 0
        assert f"a = {says}" in run(capsys, "info", path)[1]


def test_a_coefficient_out_of_range_ends_with_1_and_leaves_nothing(capsys, tmp_path):
    flags = ("--resolution", 17, "--samples", 1, "--coefficient", "log-normal", "--log-scale", 1e4)
    status, _, error = run(capsys, "generate", tmp_path / "a.h5", *flags)
    assert status == 1
    assert "sample 0: the coefficient runs from 0 to inf" in error
    assert not list(tmp_path.iterdir())


def test_a_solve_that_fails_ends_with_1(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(Darcy, "tolerance", 1e-18)  # beyond float64
    status, _, error = run(capsys, "generate", tmp_path / "a.h5", "--resolution", 19, "--samples", 1)
    assert status == 1
    assert "did not converge" in error


def test_the_console_script_prints_no_traceback(tmp_path):
    """In a process of its own, without the strictness of the tests."""
    command = [sys.executable, "-c", "import sys; from pde.cli import main; sys.exit(main())", "info", "nowhere"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "manojax: error: nowhere: no such file; check the path\n"
