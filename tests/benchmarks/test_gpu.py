"""The run for a GPU, in its short form on the CPU."""

import json
import subprocess
import sys

import pytest


def run(folder, *options):
    command = [sys.executable, "-m", "benchmarks.speed.gpu", str(folder), "--small", *options]
    subprocess.run(command, check=True, capture_output=True)
    return json.loads((folder / "gpu.json").read_text()), (folder / "gpu.md").read_text()


@pytest.mark.slow
def test_a_section_leaves_its_figures_and_its_page(tmp_path):
    found, page = run(tmp_path, "--sections", "solver")
    assert found["device"] == "cpu"
    for precision in ("double", "single"):
        assert found["solver"][precision]["seconds"] > 0
        assert found["solver"][precision]["residual"] <= 1e-8
    assert "8 samples of 33 x 33 nodes" in page


@pytest.mark.slow
def test_a_section_that_takes_too_long_is_recorded_and_the_next_begins(tmp_path):
    found, page = run(tmp_path, "--sections", "solver", "steps", "--minutes", "0.01")
    for section in ("solver", "steps"):
        assert found[section]["failed"].startswith("no result within")
        assert f"## {section.capitalize()}\n\nFailed: no result within" in page
