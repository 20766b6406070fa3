"""How the command line treats people and scripts: hints, help that fits, quiet, JSON, colours."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

import pde
from tests.command_line import TINY, refused, run

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
COMMANDS = ("generate", "merge", "convert", "train", "sweep", "evaluate", "predict", "report", "info", "demo")


@pytest.fixture(autouse=True)
def _columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize(("given", "meant"), [("trian", "train"), ("eval", "evaluate"), ("sweeps", "sweep")])
def test_a_near_command_is_suggested(capsys, given, meant):
    assert f"did you mean {meant}?" in refused(capsys, given, "--out", "x")


def test_a_near_flag_is_suggested(capsys, darcy_file, folder):
    for command in (
        ("evaluate", folder / "run", darcy_file),
        ("train", darcy_file, "--model", "fno", "--out", "x"),
    ):
        status, _, error = run(capsys, *command, "--resolutoins", 9)
        assert status == 2
        assert "--resolutions" in error


def test_a_near_data_set_is_suggested(capsys, darcy_file, tmp_path):
    flags = ("--model", "fno", "--out", tmp_path / "run", "--inputs", "coeficient")
    assert "did you mean coefficient?" in refused(capsys, "train", darcy_file, *flags)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen(capsys, command):
    status, short, _ = run(capsys, command, "--help")
    assert status == 0
    assert len(short.splitlines()) <= 50
    assert max(map(len, short.splitlines())) <= 110
    status, verbose, _ = run(capsys, command, "--help-verbose")
    assert status == 0
    assert len(verbose.splitlines()) >= len(short.splitlines())


def test_verbose_help_has_what_the_short_one_leaves_out(capsys):
    for flag, there in (("--help", False), ("--help-verbose", True)):
        shown = " ".join(run(capsys, "train", flag)[1].replace("│", " ").split())
        assert "--help-verbose shows all flags" in shown
        for said in ("0.999 averages over about a thousand steps", "--coordinator", "--boundary"):
            assert (said in shown) == there


def test_only_a_named_model_shows_its_options(capsys):
    assert "--window" not in run(capsys, "train", "--help")[1]
    assert "--window" in run(capsys, "train", "--model", "mano", "--help")[1]


def test_help_tells_of_every_command_exit_code_and_completion(capsys):
    status, printed, _ = run(capsys, "--help")
    assert status == 0
    for word in (
        *COMMANDS,
        "--quiet",
        "--version",
        "--tyro-write-completion",
        "0 all",
        "1 a",
        "2 bad",
        "130",
        "143",
    ):
        assert word in printed
    assert len(printed.splitlines()) <= 50


def test_version_is_the_packages(capsys):
    from importlib.metadata import version

    assert run(capsys, "--version") == (0, f"manojax {version('manojax')}\n", "")


def untimed(printed):
    return re.sub(r"[\d.]+ minutes", "minutes", printed)


def test_quiet_leaves_results_and_errors_alone(capsys, darcy_file, folder, tmp_path):
    out = tmp_path / "run"
    loud = run(capsys, "train", darcy_file, "--model", "fno", "--out", out, *TINY)
    assert "devices share a batch" in loud[2]
    status, printed, said = run(
        capsys, "train", darcy_file, "--quiet", "--model", "fno", "--out", tmp_path / "quiet", *TINY
    )
    assert (status, said) == (0, "")
    assert untimed(printed) == untimed(loud[1]).replace(str(out), str(tmp_path / "quiet"))
    assert "no such file" in refused(capsys, "--quiet", "info", tmp_path / "nowhere")


def test_info_for_scripts(capsys, darcy_file, folder):
    data = json.loads(run(capsys, "info", darcy_file, "--json")[1])
    assert (data["samples"], data["resolutions"]) == (20, [3, 5, 9, 17])
    assert data["fields"]["coefficient"] == [20, 17, 17]
    assert data["attributes"]["boundary"] == "zero"
    assert 0 < data["residual"] <= 1e-10
    known = json.loads(run(capsys, "info", folder / "run", "--json")[1])
    assert known["model"] == "fno"
    assert known["history"][-1]["epoch"] == known["training"]["epochs"] == 1
    assert "no such file" in refused(capsys, "info", folder / "nowhere", "--json")


@pytest.mark.parametrize(
    ("out", "err", "no_color", "coloured"),
    [(True, True, "", True), (True, True, "1", False), (False, True, "", False), (True, False, "", False)],
)
def test_colours_only_where_all_goes_to_a_terminal(capsys, monkeypatch, out, err, no_color, coloured):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: out)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: err)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    assert ("\x1b[" in run(capsys, "info", "--help")[1]) == coloured
    assert ("\x1b[" in run(capsys, "info", "a", "--nosuch")[2]) == coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_flags(capsys, tmp_path, shell):
    assert not run(capsys, "--tyro-write-completion", shell, tmp_path / "completion")[0]
    written = (tmp_path / "completion").read_text()
    for word in (*COMMANDS, "resolutions", "learning-rate", "window"):
        assert word in written


def test_headings_are_words(capsys):
    for command in COMMANDS:
        lines = run(capsys, command, "--help-verbose")[1].splitlines()
        headings = [found[1] for line in lines if (found := re.fullmatch(r"\W*(.*) options\W*", line))]
        assert all(re.fullmatch(r"[a-z ]*", heading) for heading in headings), headings
        assert ("input" in headings) == (command in ("train", "sweep"))


def test_nothing_private_of_tyro_is_used_and_its_release_is_bounded_as_it_lays_out_the_help():
    """Its headings, columns and hints make the screens of these tests; another release may make others."""
    sources = Path(pde.__file__).parent.rglob("*.py")
    assert [path for path in sources if re.search(r"tyro\._|from tyro\S*\._", path.read_text("utf-8"))] == []
    (bounds,) = (each for each in tomllib.loads(PROJECT.read_text())["project"]["dependencies"] if "tyro" in each)
    assert bounds.endswith("<1.1")
