"""Pages whose code is complete: it runs as pasted into an empty folder, where the packages are installed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents.pages import PASTED, ROOT, blocks

SHELL = "subprocess.run(['bash', '-euc', {!r}], check=True)\n"


@pytest.mark.slow
@pytest.mark.parametrize("page", PASTED, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_in_an_empty_folder(page, tmp_path):
    """One process runs the Python of the page as a notebook does, and its commands in a shell."""
    script = ["import subprocess\n"]
    for block in blocks(page):
        assert not block.skipped, block.where
        if named := re.match(r"# (\S+\.py)\n", block.code):
            path = tmp_path / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
        else:
            script.append(block.code if block.language == "python" else SHELL.format(block.code))
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / "page.py").write_text("".join(script), encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [sys.executable, "page.py"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


WAYS = {
    ("own-data", "In memory"): ["pde.Dataset(", "pde.train(", "pde.evaluate("],
    ("own-model", "In a notebook"): ["(Operator)", "MODELS[", "pde.train(", "pde.evaluate("],
    ("own-model", "A loop of your own"): [
        *("manojax.create(", "pde.Normalisation.fit(", "optax.", "pde.Surrogate("),
        *("pde.evaluate(", ".save(", "pde.load(", "pde.export_run("),
    ],
    ("own-equation", "An equation in your own package"): ["(UnitSquare)", "def draw(", "def solve(", ".equation("],
    ("own-equation", "In a notebook"): ["EQUATIONS[", "pde.generate(", "pde.train(", "pde.evaluate("],
}
"""What a section of a page shows."""


@pytest.mark.parametrize(("page", "section"), WAYS)
def test_a_way_to_a_trained_surrogate_takes_at_most_twenty_lines_of_a_notebook(page, section):
    [block] = (block for block in blocks(ROOT / "docs" / f"{page}.md", section) if block.language == "python")
    assert not block.skipped
    lines = [line for line in block.code.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 20
    assert [call for call in WAYS[page, section] if call not in block.code] == []
