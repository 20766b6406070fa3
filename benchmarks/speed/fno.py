"""How fast is our FNO on the CPU, beside those of neuraloperator (PyTorch) and pdequinox (JAX, Equinox)?

    python -m benchmarks.speed.fno --neuraloperator-python PATH --pdequinox-python PATH [--rounds 15] [--json FILE]

A training step (forward, squared error, gradient, Adam) and inference on the same batch: 32 fields of
64 x 64 points, one channel in and out, coordinates beside them, float32; |k| < 8, width 32, 4 blocks. Each library
runs in a process and an environment of its own, with two threads for PyTorch and two cores for JAX. The processes
stay alive and are asked in turn, one library after the other in every round, so that compilation is outside and a
busy machine slows all of them alike. Stated are medians of seconds, and medians over rounds of the ratio to ours.

Ours steps and predicts by the functions that `manojax train` and `Surrogate.predict` call, which divide a batch
into pieces by themselves; the others take the whole batch, as their own examples do. "In pieces" all take four
samples at a time, one piece after the other, the gradient accumulated. Steps are taken one by one, and four at a
time: in JAX in one call of a compiled loop.

neuraloperator's model has the same architecture and as many parameters as ours. pdequinox has the first paper's,
which has no channel MLPs: its lift and projection are one matrix each, so it computes less per block. At the same
width it has 5 % more parameters: on the first axis it has wave number -8 beside -7 to 7, and cannot leave it out.

Found: see `results/fno.json` and the table in docs/benchmarks.md.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT, again, command_line, write

BATCH, SIZE, MODES, WIDTH, DEPTH = 32, 64, 8, 32, 4
THREADS, PIECE, STEPS = 2, 4, 4
JOBS = ("step", "steps in a loop", "steps in pieces", "inference", "inference in pieces")
LIBRARIES = ("manojax", "neuraloperator", "pdequinox")
Jobs = tuple[dict[str, Callable[[], Any]], int]


def batch() -> tuple[Any, Any]:
    """Fields and targets, (batch, height, width, channel)."""
    import numpy as np

    generator = np.random.default_rng(0)
    fields, targets = generator.normal(size=(2, BATCH, SIZE, SIZE, 1)).astype(np.float32)
    return fields, targets


def jax_jobs(forward: Callable, parameters: Any, fields: Any, targets: Any) -> Jobs:
    """The jobs of either JAX library: a plain tree of parameters and Adam, some steps compiled as one loop."""
    import jax
    import jax.numpy as jnp

    pieces = [a.reshape(-1, PIECE, *a.shape[1:]) for a in (fields, targets)]
    zeros = jax.tree.map(jnp.zeros_like, parameters)

    def gradient(parameters, fields, targets):
        return jax.grad(lambda p: ((forward(p, fields) - targets) ** 2).sum() / BATCH)(parameters)

    def gradient_in_pieces(parameters, *pieces):
        def accumulate(total, piece):
            return jax.tree.map(jnp.add, total, gradient(parameters, *piece)), None

        return jax.lax.scan(accumulate, zeros, pieces)[0]

    def trainer(gradient, steps, *data):
        def step(state, *data):
            parameters, first, second, count = state
            slope = gradient(parameters, *data)
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slope)
            second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, slope)
            rates = 1 - 0.9**count, 1 - 0.999**count

            def moved(p, m, v):
                return p - 1e-3 * (m / rates[0]) / (jnp.sqrt(v / rates[1]) + 1e-8)

            return jax.tree.map(moved, parameters, first, second), first, second, count + 1

        @jax.jit
        def take(state, *data):
            if steps == 1:  # convolutions run many times slower in a loop, even in one of a single step
                return step(state, *data)
            return jax.lax.fori_loop(0, steps, lambda _, state: step(state, *data), state)

        state = [(parameters, zeros, zeros, jnp.ones(()))]

        def train():
            state[0] = jax.block_until_ready(take(state[0], *data))

        return train

    infer = jax.jit(forward)
    infer_in_pieces = jax.jit(lambda p, pieces: jax.lax.map(lambda x: forward(p, x), pieces))
    jobs = {
        "step": trainer(gradient, 1, fields, targets),
        "steps in a loop": trainer(gradient, STEPS, fields, targets),
        "steps in pieces": trainer(gradient_in_pieces, STEPS, *pieces),
        "inference": lambda: infer(parameters, fields).block_until_ready(),
        "inference in pieces": lambda: infer_in_pieces(parameters, pieces[0]).block_until_ready(),
    }
    return jobs, sum(leaf.size for leaf in jax.tree.leaves(parameters))


def manojax() -> Jobs:
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    from flax import nnx

    from manojax import FNO, FNOConfig
    from pde.grids.grid import Grid
    from pde.preprocessing.batches import in_batches
    from pde.training.engine.pieces import pieces
    from pde.training.engine.steps import make_gradient, make_step, moved

    given, wanted = batch()
    fields, targets = jnp.asarray(given), jnp.asarray(wanted)
    model = FNO(1, 1, FNOConfig(width=WIDTH, depth=DEPTH, modes=(MODES, MODES)), rngs=nnx.Rngs(0))
    graph, split = nnx.split(model, nnx.Param)
    parameters: Any = nnx.to_pure_dict(split)
    axis = np.linspace(0, 1, SIZE)
    grid, number, optimiser = Grid((axis, axis)), pieces(BATCH, SIZE**2), optax.adam(1e-3)

    def forward(parameters: Any, fields: Any) -> Any:
        return nnx.merge(graph, parameters)(fields)

    def loss(parameters: Any, fields: Any, targets: Any) -> Any:
        return ((forward(parameters, fields) - targets) ** 2).sum() / len(fields)

    step, gradient, infer = make_step(loss, optimiser, number), make_gradient(loss, number, None), jax.jit(forward)

    @jax.jit
    def loop(state: Any) -> Any:
        def one(_: Any, state: Any) -> Any:
            return moved(optimiser, state, *gradient(state[0], fields, targets))[0]

        return jax.lax.fori_loop(0, STEPS, one, state)

    state = [(parameters, optimiser.init(parameters))]

    def take_one() -> None:
        *after, _ = jax.block_until_ready(step(*state[0], fields, targets))
        state[0] = tuple(after)

    def take_some() -> None:
        state[0] = jax.block_until_ready(loop(state[0]))

    own = {
        "step": take_one,
        "steps in a loop": take_some,
        "inference": lambda: in_batches(lambda fields: infer(parameters, fields), given, grid),
    }
    jobs, size = jax_jobs(forward, parameters, fields, targets)
    return jobs | own, size


def pdequinox() -> Jobs:
    import jax
    import jax.numpy as jnp

    equinox, architectures = (importlib.import_module(name) for name in ("equinox", "pdequinox.arch"))
    fields, targets = (jnp.moveaxis(jnp.asarray(a), -1, 1) for a in batch())
    nodes = jnp.broadcast_to(jnp.stack(jnp.meshgrid(*[jnp.linspace(0, 1, SIZE)] * 2)), (BATCH, 2, SIZE, SIZE))
    fields = jnp.concatenate([fields, nodes], axis=1)
    options = {"hidden_channels": WIDTH, "num_modes": MODES, "num_blocks": DEPTH}
    model = architectures.ClassicFNO(2, 3, 1, **options, key=jax.random.key(0))
    parameters, static = equinox.partition(model, equinox.is_inexact_array)
    return jax_jobs(lambda p, x: jax.vmap(equinox.combine(p, static))(x), parameters, fields, targets)


def neuraloperator() -> Jobs:
    torch, models = (importlib.import_module(name) for name in ("torch", "neuralop.models"))
    torch.set_num_threads(THREADS)
    fields, targets = (torch.from_numpy(a).movedim(-1, 1).contiguous() for a in batch())
    modes = (2 * MODES - 1,) * 2
    model = models.FNO(n_modes=modes, hidden_channels=WIDTH, in_channels=1, out_channels=1, n_layers=DEPTH)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def train(size, steps=STEPS):
        for _ in range(steps):
            optimizer.zero_grad()
            for x, y in zip(fields.split(size), targets.split(size), strict=True):
                (((model(x) - y) ** 2).sum() / BATCH).backward()
            optimizer.step()

    @torch.no_grad()
    def infer(size):
        return torch.cat([model(x) for x in fields.split(size)])

    jobs = {
        "step": lambda: train(BATCH, 1),
        "steps in a loop": lambda: train(BATCH),
        "steps in pieces": lambda: train(PIECE),
        "inference": lambda: infer(BATCH),
        "inference in pieces": lambda: infer(PIECE),
    }
    return jobs, sum(p.numel() * (2 if p.is_complex() else 1) for p in model.parameters())


def work(library: str) -> None:
    """Run a worker: write the number of parameters, then a line of JSON for each line of input, the name of a
    job."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not mix with the answers
    jobs, parameters = globals()[library]()
    for job in jobs.values():
        job()
        job()
    print(json.dumps(parameters), file=answers, flush=True)
    for line in sys.stdin:
        start, job = time.perf_counter(), line.strip()
        jobs[job]()
        times = STEPS if job.startswith("steps") else 1
        print(json.dumps((time.perf_counter() - start) / times), file=answers, flush=True)


class Worker:
    """A process that answers in the environment of one library."""

    def __init__(self, library: str, python: str):
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"OMP_NUM_THREADS": str(THREADS), "PYTHONPATH": os.pathsep.join(paths)}
        command = [*again(python), "--worker", library]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.parameters = self._answer()

    def seconds(self, job: str) -> float:
        assert self.process.stdin
        print(job, file=self.process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


def compare(workers: dict[str, Worker], rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """By job and library: median, fastest and slowest seconds, and the median ratio to ours in the same round."""
    taken: dict[str, dict[str, list[float]]] = {job: {name: [] for name in workers} for job in JOBS}
    for _ in range(rounds):
        for job, times in taken.items():
            for name, worker in workers.items():
                times[name].append(worker.seconds(job))
    return {
        job: {
            name: {
                "seconds": statistics.median(seconds),
                "fastest": min(seconds),
                "slowest": max(seconds),
                "ratio": statistics.median(a / b for a, b in zip(seconds, times["manojax"], strict=True)),
            }
            for name, seconds in times.items()
        }
        for job, times in taken.items()
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--neuraloperator-python")
    parser.add_argument("--pdequinox-python")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", choices=LIBRARIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker)
        return

    pythons = (sys.executable, options.neuraloperator_python, options.pdequinox_python)
    workers = {name: Worker(name, python) for name, python in zip(LIBRARIES, pythons, strict=True) if python}
    found = compare(workers, options.rounds)
    for worker in workers.values():
        worker.close()
    for job, rows in found.items():
        print(f"| {job} | parameters | milliseconds | times ours |\n|---|---|---|---|")
        for name, row in rows.items():
            parameters = workers[name].parameters
            print(f"| {name} | {parameters} | {1e3 * row['seconds']:.0f} | {row['ratio']:.2f} |")
        print()
    setting = {"batch": BATCH, "size": SIZE, "modes": MODES, "width": WIDTH, "depth": DEPTH, "threads": THREADS}
    parameters = {name: worker.parameters for name, worker in workers.items()}
    write(options.json, {**setting, "rounds": options.rounds, "parameters": parameters, **found})


if __name__ == "__main__":
    main()
