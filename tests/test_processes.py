"""Training over devices that divide the grid, and over processes, is training on one device."""

import re
import socket
import subprocess
import sys

import numpy as np
import pytest

from pde.devices import Division
from pde.errors import InputError
from pde.processes import Processes
from tests.small_runs import MANO, history, start

WHOLE = {"resolution": 16, "symmetries": "all", "epochs": 2, "batch_size": 6}


@pytest.fixture(scope="module")
def even(tmp_path_factory):
    """Twenty samples on 16 x 16 nodes, which devices can divide."""
    from pde.darcy import Darcy
    from pde.generation import generate

    path = tmp_path_factory.mktemp("even") / "darcy.h5"
    generate(Darcy(resolution=16), path, samples=20, seed=0)
    return path


def losses(out):
    return [(line["train_loss"], *line["validation"].values()) for line in history(out)]


@pytest.mark.parametrize("filter_width", [0.0, 0.7])
def test_devices_that_divide_the_grid_as_well_take_the_steps_of_one(even, tmp_path, filter_width):
    one, six = (
        start(even, tmp_path / str(division), MANO, division, filter_width=filter_width, **WHOLE)
        for division in (Division(1), Division(3, 2))
    )
    np.testing.assert_allclose(losses(six), losses(one), rtol=1e-4)


PROCESS = """
import sys
import jax
jax.config.update("jax_num_cpu_devices", 2)
from pde.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(even, tmp_path):
    """Each with two devices; the grid is divided within a process."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    flags = ["--resolution", "16", "--symmetries", "all", "--epochs", "2", "--batch-size", "6", "--seed", "1"]
    flags += ["--model", "mano", "--width", "8", "--depth", "1", "--heads", "2", "--mesh", "data=2,space=2"]

    def begin(*more):
        command = [sys.executable, "-c", PROCESS, "train", even, "--out", tmp_path / "two", *flags, *more]
        ranks = [
            ["--coordinator", f"localhost:{port}", "--num-processes", "2", "--process-id", str(i)] for i in (0, 1)
        ]
        running = [subprocess.Popen([*command, *rank], stderr=subprocess.PIPE, text=True) for rank in ranks]
        said = [process.communicate(timeout=180)[1] for process in running]
        return [process.returncode for process in running], said

    codes, said = begin()
    assert codes == [0, 0], said
    one = start(even, tmp_path / "one", MANO, Division(1), **WHOLE)
    np.testing.assert_allclose(losses(tmp_path / "two"), losses(one), rtol=1e-4)
    codes, said = begin("--model", "mano")
    assert codes == [2, 2]
    assert "exists already" in said[0]
    assert "see what it said" in said[1]


@pytest.mark.parametrize(
    ("division", "options", "words"),
    [
        (Division(9), {}, "there are 8 devices, not 9"),
        (Division(4), {}, "6 samples cannot be divided over 4 devices"),
        (Division(1, 3), {}, "16 rows cannot be divided over 3 devices"),
        (Division(1, 2), {"options": None}, "only MANO can split it"),
    ],
)
def test_what_cannot_be_divided_is_refused(even, tmp_path, division, options, words):
    model = {} if options else {"options": MANO}
    with pytest.raises(InputError, match=re.escape(words)):
        start(even, tmp_path / "run", division=division, **model, **WHOLE)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("text", ["", "4", "data", "data=0", "data=a", "rows=2", "data=2,data=3"])
def test_what_is_no_mesh_is_refused(text):
    with pytest.raises(InputError, match=f"--mesh {text} must name"):
        Division.parse(text)
    assert Division.parse("space=2,data=4") == Division(4, 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("a:1", None, 2), "belong together"),
        (("a:1", 2, 2), "--process-id 2 must be 0 to 1"),
        (("a", 0, 2), "--coordinator a must be host:port"),
    ],
)
def test_processes_that_cannot_meet_are_refused(given, words):
    with pytest.raises(InputError, match=words):
        Processes(*given).join()
