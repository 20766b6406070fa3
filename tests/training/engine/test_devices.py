"""Training over devices that divide the grid, and over processes, is training on one device."""

import dataclasses
import functools
import math
import re
import signal
import socket
import subprocess
import sys
import time

import jax
import numpy as np
import optax
import pytest

from pde.runs.run import Run
from pde.system.errors import InputError
from pde.training.engine.devices import Division, placing, space_of, training_mesh
from pde.training.engine.steps import Stepper, make_gradient, take_all
from pde.training.loss import make_loss
from pde.training.prepare import feeder, optimiser_for, prepare
from tests.small_runs import CONFIG, MANO, history, start

WHOLE = {"resolution": 16, "symmetries": "all", "epochs": 2, "batch_size": 6}


@pytest.fixture(scope="module")
def even(tmp_path_factory):
    """Twenty samples on 16 x 16 nodes, which devices can divide."""
    from pde.data.generate import generate
    from pde.equations.darcy.problem import Darcy

    path = tmp_path_factory.mktemp("even") / "darcy.h5"
    generate(Darcy(resolution=16), path, samples=20, seed=0)
    return path


def losses(out):
    return [(line["train_loss"], *line["validation"].values()) for line in history(out)]


@pytest.mark.slow
def test_devices_may_keep_a_share_of_the_optimisers_state_each(even, tmp_path):
    whole, shared = (
        start(even, tmp_path / str(optimiser), MANO, Division(6, optimiser=optimiser), ema=0.9, **WHOLE)
        for optimiser in (False, True)
    )
    np.testing.assert_allclose(losses(shared), losses(whole), rtol=1e-4)

    run = Run.open(shared)
    _, params = run.build()
    state = params, optimiser_for(run.training, 6).init(params)
    mesh = training_mesh(6, Division(2, optimiser=True))
    _, placed = placing(state, mesh, Division(2, optimiser=True))
    sizes = [
        (leaf.size, math.prod(where.shard_shape(leaf.shape)))
        for leaf, where in zip(*map(jax.tree.leaves, (state[1], placed)), strict=True)
    ]
    whole, share = np.sum(sizes, axis=0)
    assert share < 0.6 * whole


@pytest.mark.slow
@pytest.mark.parametrize("filter_width", [0.0, 0.7])
def test_devices_that_divide_the_grid_as_well_take_the_steps_of_one(even, tmp_path, filter_width):
    one, six = (
        start(even, tmp_path / str(division), MANO, division, filter_width=filter_width, **WHOLE)
        for division in (Division(1), Division(3, 2))
    )
    np.testing.assert_allclose(losses(six), losses(one), rtol=1e-4)


@pytest.mark.slow
def test_the_gradient_of_one_step_is_that_of_one_device(even):
    """Seen by plain descent: other optimisers hide a factor."""
    config = dataclasses.replace(CONFIG, **{**WHOLE, "batch_size": 8})
    run, (parts, _) = prepare(even, "mano", MANO, config)
    graph, params = run.build()
    descent = optax.sgd(1.0)
    batch, moved = (np.arange(8), np.int32(0)), []
    for division in (Division(1), Division(8), Division(4, 2)):
        mesh = training_mesh(8, division)
        make = functools.partial(make_gradient, make_loss(graph, run, run.grid, space_of(mesh)), 1)
        stepper = Stepper(make, descent, feeder(parts[0], config, mesh, 8), lambda _, fields: fields, mesh)
        ((after, _), *_), *_ = take_all((params, descent.init(params)), [(stepper, [batch])])
        moved.append(
            [np.asarray(new - old) for new, old in zip(*map(jax.tree.leaves, (after, params)), strict=True)]
        )
    largest = max(np.abs(leaf).max() for leaf in moved[0])
    for found in moved[1:]:
        for leaf, expected in zip(found, moved[0], strict=True):
            np.testing.assert_allclose(leaf, expected, rtol=0, atol=1e-5 * largest)


PROCESS = """
import sys
import jax
jax.config.update("jax_num_cpu_devices", 2)
from pde.cli import main
from pde.data.data_file import DataFile

read = DataFile.read_outputs

def noted(self, samples, stride):
    print("read", samples if isinstance(samples, slice) else samples.tolist(), file=sys.stderr)
    return read(self, samples, stride)

DataFile.read_outputs = noted
sys.exit(main(sys.argv[1:]))
"""


class Two:
    """Two processes of one training, with two devices each, which divide the grid within a process."""

    def __init__(self, data, out, *flags):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-c", PROCESS, "train", data, "--out", out, *flags, "--mesh", "data=2,space=2"]
        command += ["--coordinator", f"localhost:{port}", "--num-processes", "2", "--process-id"]
        self.running = [subprocess.Popen([*command, rank], stderr=subprocess.PIPE, text=True) for rank in "01"]

    def end(self):
        said = [process.communicate(timeout=400)[1] for process in self.running]
        return [process.returncode for process in self.running], said


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_and_stop_together(even, tmp_path):
    flags = ["--resolution", "16", "--symmetries", "all", "--epochs", "30", "--batch-size", "6", "--seed", "1"]
    flags += ["--model", "mano", "--width", "8", "--depth", "1", "--heads", "2"]
    one = start(even, tmp_path / "one", MANO, Division(1), **{**WHOLE, "epochs": 30})

    out = tmp_path / "two"
    two = Two(even, out, *flags)
    while not (out / "metrics.jsonl").exists() or len(history(out)) < 2:
        assert two.running[0].poll() is None
        time.sleep(0.02)
    two.running[1].send_signal(signal.SIGTERM)
    codes, said = two.end()
    assert codes == [143, 143], said
    assert all("add --resume to go on" in each for each in said)
    before = len(history(out))
    assert before < 30
    codes, said = Two(even, out, *flags, "--resume").end()
    assert codes == [0, 0], said
    np.testing.assert_allclose(losses(out)[:7], losses(one)[:7], rtol=1e-4)  # then rounding has grown
    np.testing.assert_allclose(losses(out), losses(one), rtol=0.05)

    codes, said = Two(even, out, *flags).end()
    assert codes == [2, 2]
    assert "exists already" in said[0]
    assert "see what it said" in said[1]


@pytest.mark.slow
def test_each_of_two_processes_reads_its_own_samples_alone(even, tmp_path):
    flags = ["--resolution", "16", "--symmetries", "none", "--epochs", "1", "--batch-size", "6", "--seed", "1"]
    flags += ["--model", "mano", "--width", "8", "--depth", "1", "--heads", "2"]
    codes, said = Two(even, tmp_path / "run", *flags).end()
    assert codes == [0, 0], said
    first, second = (
        [int(number) for line in re.findall(r"^read \[(.*)\]$", each, re.MULTILINE) for number in line.split(",")]
        for each in said
    )
    assert sorted(first + second) == list(range(18))  # each once, all but the tenth held out
    assert len(first) == len(second)
    assert "slice(0, 18" in said[0]  # to normalise: the first alone
    assert "slice" not in said[1]


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
