import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SCRIPTS = sorted(NOTEBOOKS.glob("*.py"))
AS_A_NOTEBOOK = "04_your_own_data"  # one of them runs in a kernel, as readers run it
AS_SCRIPTS = [path for path in SCRIPTS if path.stem != AS_A_NOTEBOOK]
SHORT = {"MANOJAX_SHORT": "1", "MPLBACKEND": "Agg"}


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_there_are_five():
    assert len(SCRIPTS) == 5
    assert [path.stem for path in SCRIPTS] == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_and_notebook_hold_the_same_cells_and_no_outputs(script):
    """`jupytext --update --to ipynb notebooks/*.py` brings a notebook up to its script."""
    stored = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(stored)
    assert cells(stored) == cells(jupytext.read(script))
    for cell in (cell for cell in stored.cells if cell.cell_type == "code"):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.slow
@pytest.mark.parametrize("script", AS_SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_in_small(script, tmp_path):
    ran = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=os.environ | SHORT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert list(tmp_path.iterdir()) == []  # it leaves nothing where it is run


@pytest.mark.slow
def test_a_notebook_runs_in_small_and_shows_its_figures(tmp_path, monkeypatch):
    monkeypatch.setenv("MANOJAX_SHORT", "1")
    notebook = nbformat.read(NOTEBOOKS / f"{AS_A_NOTEBOOK}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    assert sum("image/png" in data for data in shown) == 3  # the live curves are one of them
