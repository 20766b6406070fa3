"""How the command line ends where it cannot do what is asked: one sentence, an exit code, nothing damaged."""

import json
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from pde.equations.darcy.problem import Darcy
from tests.command_line import PROGRAM, refused, run


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
        (("train", darcy_file, *fresh, "--modes", 8), "modes=(8,): give one number for each dimension"),
        (("train", darcy_file, "--model", "fno", "--out", folder / "run"), "exists already"),
        (("train", darcy_file, "--model", "fno", "--out", empty), "exists already"),
        (("train", darcy_file, "--out", empty, "--resume"), "holds no run"),
        (("train", darcy_file, "--out", nowhere, "--resume"), "--model is missing"),
        (("evaluate", empty, darcy_file), "holds no run"),
        (("evaluate", folder / "run", nowhere), "no such file"),
        (("evaluate", folder / "run", darcy_file, "--resolutions", 4), "choose one of"),
        (("evaluate", folder / "run", darcy_file, "--resolutions", 9, 9), "names 9 twice"),
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


def test_a_device_is_one_sentence(capsys):
    assert "/dev/null is a folder or a device; name a data file" in refused(capsys, "info", "/dev/null")


def test_a_truncated_file_is_one_sentence(capsys, darcy_file, tmp_path):
    path = tmp_path / "short.h5"
    path.write_bytes(darcy_file.read_bytes()[:-5000])
    assert "truncated" in refused(capsys, "train", path, "--model", "fno", "--out", tmp_path / "run")
    assert [left.name for left in tmp_path.iterdir()] == ["short.h5"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--contrast-low 0", "--contrast-low 0.0 must be positive and finite"),
        ("--tau -1", "--tau -1.0 must be positive and at most 10000"),
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


def test_a_read_that_fails_says_nothing_but_its_sentence(undisturbed, darcy_file, tmp_path):
    """Arrays are missing and the manifest knows nothing of it: Orbax fails while other reads go on."""
    out = shutil.copytree(undisturbed, tmp_path / "run")
    manifest = json.loads((out / "manifest.json").read_text())
    for step, entry in manifest.items():
        saved = out / "checkpoints" / step
        for path in (saved / "state").glob("**/d/*"):
            path.unlink()
            del entry["files"][path.relative_to(saved).as_posix()]
    (out / "manifest.json").write_text(json.dumps(manifest))
    command = [sys.executable, "-c", PROGRAM, "evaluate"]
    ended = subprocess.run([*command, out, darcy_file], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert re.fullmatch(r"manojax: error: .* cannot be restored .*\n", ended.stderr)


def test_the_console_script_prints_no_traceback(tmp_path):
    """In a process of its own, without the strictness of the tests."""
    command = [sys.executable, "-c", PROGRAM, "info", "nowhere"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "manojax: error: nowhere: no such file; check the path\n"
