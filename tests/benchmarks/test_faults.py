"""The benchmarks of faults, in a short form."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHORT = {
    "faults": ["--kills", "2", "--resolution", "17", "--commands", "generate", "train", "merge", "convert"],
    "fuzz": ["--files", "12", "--seconds", "60"],  # other tests share the cores, and a resumed training compiles
    "soak": ["--checkpoints", "40"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_in_short(name):
    command = [sys.executable, "-m", f"benchmarks.reliability.{name}", *SHORT[name]]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT)
    assert ended.returncode == 0, ended.stdout + ended.stderr
