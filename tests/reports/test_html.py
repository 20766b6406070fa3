"""The page of a run: complete, self-contained, and with the numbers that `manojax evaluate` prints."""

import json
import re
import shutil
from pathlib import Path

import pytest

from pde.runs.run import SPREAD
from tests.command_line import refused, run

README = Path(__file__).parents[2] / "README.md"


def assert_fits_any_screen(page, tables):
    """The page is as wide as the screen: tables, columns of text and figures scroll inside a box each."""
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    box = r'<div class="scroll" tabindex="0"><'
    assert len(re.findall("<table", page)) == len(re.findall(f"{box}table", page)) == tables
    assert len(re.findall("<img", page)) == len(re.findall(f"{box}img", page)) > 0
    assert ".scroll { overflow-x: auto" in page
    columns = [re.search(r"<pre[^>]*>(?=model  )", line) for line in page.splitlines()]
    assert [found.group() for found in columns if found] == ['<pre class="scroll" tabindex="0">'] * 2 * tables


@pytest.mark.slow
def test_a_page_with_a_test_file_holds_what_evaluate_finds(folder, darcy_file, capsys, tmp_path):
    out, numbers = tmp_path / "page.html", tmp_path / "evaluation.json"
    given = (folder / "run", darcy_file, "--resolutions", 5, 9, 17)
    assert run(capsys, "report", *given, "--out", out) == (0, f"{out}\n", "")
    assert run(capsys, "evaluate", *given, "--json", numbers)[0] == 0
    page, evaluated = out.read_text(), json.loads(numbers.read_text())
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    for row in evaluated["rows"]:
        assert "{} x {}".format(*row["shape"]) in cells
        for mode in ("direct", "resample"):
            assert f"{row[mode]['relative_l2']:.4f}" in cells
    worst = evaluated["rows"][-1]["direct"]["worst"][0]
    assert page.count("data:image/png;base64,") == 4
    assert "Where FNO does worst" in page
    assert f"{worst['error']:.4f}" in page  # also the largest of the percentiles
    assert not re.search(r"(src|href)=.(http|/)", page)  # self-contained
    assert_fits_any_screen(page, tables=1)
    assert f"</table></div>\n<p>{SPREAD}</p>" in page


def test_the_readme_says_as_well_that_its_errors_are_of_one_training():
    assert SPREAD in " ".join(README.read_text(encoding="utf-8").split())


def test_without_a_test_file_it_shows_what_the_run_knows(folder, capsys, tmp_path):
    out = shutil.copytree(folder / "run", tmp_path / "run")
    assert run(capsys, "report", out)[:2] == (0, f"{out / 'report.html'}\n")
    page = (out / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 1
    described = run(capsys, "info", out)[1]
    assert "best validation L2" in described
    assert described.split("versions")[0] in page.replace("&#x27;", "'")
    for word in ("Learning curves", "learning_rate", "orbax-checkpoint"):
        assert word in page
    assert_fits_any_screen(page, tables=0)


@pytest.mark.parametrize("left", ["", '{"epoch": 1, "train_'])
def test_a_run_that_was_killed_in_its_first_epoch_has_a_page(folder, capsys, tmp_path, left):
    out = shutil.copytree(folder / "run", tmp_path / "run")
    (out / "metrics.jsonl").write_text(left)
    assert run(capsys, "report", out)[0] == 0
    page = (out / "report.html").read_text()
    assert "no epoch finished yet" in page
    assert "Learning curves" not in page


def test_names_of_files_are_no_markup(folder, capsys, tmp_path):
    out = shutil.copytree(folder / "run", tmp_path / "<b>run")
    assert run(capsys, "report", out)[0] == 0
    assert "<b>" not in (out / "report.html").read_text()


def test_what_cannot_be_shown_is_one_sentence(folder, darcy_file, capsys, tmp_path):
    here = folder / "run"
    for arguments, message in (
        ((tmp_path / "nowhere",), "no such run folder"),
        ((tmp_path,), "holds no run"),
        ((here, tmp_path / "nowhere.h5"), "no such file"),
        ((here, "--resolutions", 9), "belong to a test file"),
        ((here, "--boundary", "zero"), "belong to a test file"),
        ((here, "--out", tmp_path), "is a folder"),
        ((here, "--out", tmp_path / "no" / "page.html"), "cannot be written"),
        ((here, darcy_file, "--out", tmp_path / "page.html", "--resolutions", 4), "choose one of"),
    ):
        assert message in refused(capsys, "report", *arguments), arguments
    assert not list(tmp_path.iterdir())
