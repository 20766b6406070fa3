"""A file that the HDF5 library does not survive is refused, and the next one is read."""

import subprocess
import sys

import pytest

from pde.data import datasets
from pde.data.readers import probe
from pde.system.errors import InputError


@pytest.mark.parametrize("program", ["import os; os.abort()", "import time; time.sleep(60)"])
def test_a_library_that_crashes_or_never_returns_is_told_in_a_sentence(darcy_file, program):
    with pytest.raises(InputError, match="the HDF5 library crashes on this file or does not return from it"):
        probe.check(darcy_file, probe.Prober(program, seconds=1.0))
    assert datasets.open(darcy_file).samples == 20


def test_one_process_serves_all_files_and_is_begun_again_after_a_crash(darcy_file, monkeypatch):
    prober = probe.Prober()
    begun = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: begun.append(popen(*a, **k)) or begun[-1])
    assert prober.survives(darcy_file)
    assert prober.survives(darcy_file)
    assert len(begun) == 1
    begun[0].kill()
    begun[0].communicate()
    assert prober.survives(darcy_file)
    assert len(begun) == 2
    begun[1].kill()
    begun[1].communicate()


def test_it_ends_with_the_process_that_began_it(darcy_file):
    program = (
        "import sys; from pathlib import Path; from pde.data import datasets; datasets.open(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-X", "dev", "-c", program, darcy_file]
    assert "ResourceWarning" not in subprocess.run(command, capture_output=True, text=True, check=True).stderr
