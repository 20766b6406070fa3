"""Documents: their code runs, their links lead somewhere, their tables are what the results hold.

A page's blocks run in order, in a folder that begins as `docs/start.md` leaves it (those of some pages in an empty
one: `test_pasted.py`). Every line of a shell block is a command of ours; what cannot be run stands below
`<!-- not run: the reason -->`.
"""

import glob
import re
import shlex
import shutil

import jax
import pytest

from benchmarks.pages import reliability, tables
from pde.cli import main
from tests.documents.pages import OPENING, PAGES, PASTED, ROOT, START, blocks

FOLLOWED = [page for page in PAGES if page not in (START, *PASTED) and "```" in page.read_text(encoding="utf-8")]


def words(line):
    """What a shell makes of a line: comments gone, files that match in the place of a pattern."""
    for word in shlex.split(line, comments=True):
        yield from sorted(glob.glob(word)) or [word]


def follow(page):
    """Run what a page says, here."""
    names = {}
    for block in blocks(page):
        if block.skipped:
            continue
        if block.language == "python":
            with jax.numpy_dtype_promotion("standard"):  # as users have it
                exec(compile(block.code, block.where, "exec"), names)
            continue
        for line in block.code.replace("\\\n", " ").splitlines():
            if command := list(words(line)):
                assert command[0] == "manojax", f"{block.where}: {line}"
                assert main(command[1:]) == 0, f"{block.where}: {line}"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    folder = tmp_path_factory.mktemp("started")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        follow(START)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page, started, tmp_path, monkeypatch):
    shutil.copytree(started, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    follow(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_all_blocks_of_a_page_are_found_and_their_python_is_valid(page):
    found = blocks(page)
    assert len(found) == len(re.findall(OPENING, page.read_text(encoding="utf-8"), re.M))
    for block in found:
        if block.language == "python":
            compile(block.code, block.where, "exec")


def test_the_readme_is_for_two_minutes():
    assert len((ROOT / "README.md").read_bytes()) <= 6144


def test_links_of_the_readme_lead_somewhere():
    """Those of the site are checked by `make docs`."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


WRITTEN = {**tables.PAGES, reliability.DOCS: reliability.page}


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_a_page_of_results_is_what_its_script_writes(path):
    assert path.read_text(encoding="utf-8") == WRITTEN[path]()


def test_excerpts_stand_in_the_sources():
    """A block of `py` shows lines of the code that there is."""
    sources = {
        line for name in ("poisson", "registry") for line in lines(ROOT / "pde" / "equations" / f"{name}.py")
    }
    page = (ROOT / "docs" / "own-equation.md").read_text(encoding="utf-8")
    excerpts = re.findall(r"^```py\n(.*?)^```$", page, re.M | re.S)
    assert len(excerpts) == 4
    assert {line for code in excerpts for line in code.splitlines()} <= sources | {"", "    ..."}


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()
