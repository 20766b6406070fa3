"""Compiled programs that a second process finds again."""

import os
import subprocess
import sys

import h5py
import pytest

from tests.command_line import PROGRAM


def manojax(*arguments, **environment):
    """Run a command in a process of its own, with a cache of programs where the environment says."""
    inherited = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def programs(cache):
    return {path for path in cache.rglob("*-cache") if path.is_file()}


def generate(out, **environment):
    return manojax("generate", out, "--resolution", 9, "--samples", 2, **environment)


@pytest.mark.slow
def test_a_second_command_compiles_nothing_and_computes_the_same_bits(tmp_path):
    cache, found = tmp_path / "cache", []
    for name in ("first", "second"):
        assert "arning" not in generate(tmp_path / f"{name}.h5", XDG_CACHE_HOME=str(cache))
        found.append(programs(cache))
    assert found[0]
    assert found[0] == found[1]
    with h5py.File(tmp_path / "first.h5") as first, h5py.File(tmp_path / "second.h5") as second:
        for field in ("coefficient", "solution"):
            assert (first[field][()] == second[field][()]).all()


@pytest.mark.parametrize("off", ["variable", "file in the way"])
def test_without_a_cache_a_command_runs_in_silence(tmp_path, off):
    cache = tmp_path / "cache"
    if off != "variable":
        cache.write_text("not a folder")
    said = generate(
        tmp_path / "data.h5", XDG_CACHE_HOME=str(cache), MANOJAX_CACHE="off" if off == "variable" else ""
    )
    assert "cache" not in said
    assert not cache.is_dir()


def test_help_does_not_wait_for_jax():
    program = "\n".join(
        ("import sys", "from pde.cli import main", "try: main(['--help'])", "finally: print('jax' in sys.modules)")
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.endswith("False\n")
