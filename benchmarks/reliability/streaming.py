"""Training on a file larger than memory: how much memory, and at what share of the rate from memory?

    python -m benchmarks.reliability.streaming FOLDER [--gibibytes 6] [--model fno] [--json FILE]

A file of noise on 64 x 64 points is written into FOLDER. In processes of their own, in turn, `manojax train
--stream` on all of it is prepared, takes steps and is validated, and so is training from memory on its first 1000
samples. Stated are seconds a step (medians of calls, after compilation) and the largest resident memory. Disks
count unless the file is in the page cache.

Found, on 2 cores (`results/streaming.json`), FNO, 6 GiB, three rounds: 104 % of the rate from memory, which is no
difference here, and at most 1.21 GiB resident, of which steps from memory on 33 MiB of samples need 1.05.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.record import again, command_line, write
from pde.grids.grid import Grid
from pde.grids.outputs import Output

_RESOLUTION, _BATCH, _STEPS, _ROUNDS = 64, 10, 120, 3


def write_noise(path: Path, gibibytes: float) -> None:
    from pde.data.store import create

    axis = np.arange(_RESOLUTION) / (_RESOLUTION - 1)
    samples = int(gibibytes * 2**30 / (8 * _RESOLUTION**2))
    grid = Grid((axis, axis), domain=(0.0, 1.0, 0.0, 1.0))
    inside = np.pad(np.ones((_RESOLUTION - 2,) * 2, np.float32), 1)  # the border is zero, as the file says
    generator = np.random.default_rng(0)
    aside = path.with_suffix(".partial")
    names, outputs = ("coefficient", "solution"), (Output("solution", ("zero", "zero")),)
    with create(aside, grid, samples, {}, names, inputs=("coefficient",), outputs=outputs) as stored:
        for first in range(0, samples, 256):
            for name, field in stored.items():
                shape = (min(256, samples - first), *grid.shape)
                noise = generator.random(shape, np.float32) + 1
                field[first : first + 256] = noise * inside if name == "solution" else noise
    aside.rename(path)


def measure(path: Path, model: str, stream: bool) -> dict[str, float]:
    """Measure training in this process: seconds, and its largest memory so far."""
    import jax
    from jax.sharding import Mesh

    from manojax import MODELS
    from pde.runs.run import TrainingConfig
    from pde.surrogates.surrogate import Surrogate
    from pde.training.engine.devices import DATA, SPACE
    from pde.training.engine.steps import Stepper, make_gradient, take_all
    from pde.training.loop import augmentation
    from pde.training.loss import make_loss
    from pde.training.prepare import feeder, optimiser_for, prepare

    config = TrainingConfig(stream=stream, batch_size=_BATCH, epochs=1)
    started = time.perf_counter()
    run, (parts, validation) = prepare(
        path, model, MODELS[model].Config(), config if stream else replace(config, train_samples=1000)
    )
    prepared = time.perf_counter() - started
    graph, params = run.build()
    optimiser = optimiser_for(run.training, _STEPS)
    make = partial(make_gradient, make_loss(graph, run, run.grid), 1)
    mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), (DATA, SPACE))
    samples = feeder(parts[0], config, mesh, _BATCH)
    stepper = Stepper(make, optimiser, samples, augmentation(run)[0], mesh)
    drawn = np.random.default_rng(0).integers(run.samples, size=(_STEPS, _BATCH))
    batches = [(batch, np.int32(0)) for batch in drawn]
    start, seconds, started = (params, optimiser.init(params)), [], time.perf_counter()
    for state, _, taken in take_all(start, [(stepper, batches)]):
        params = state[0]
        seconds += [(time.perf_counter() - started) / len(taken)] * len(taken)
        started = time.perf_counter()
    assert validation is not None
    errors = Surrogate.of(run, graph, params, 1).errors(validation.each())
    return {
        "samples": run.samples,
        "seconds a step": statistics.median(seconds[3:]),
        "seconds to prepare": prepared,
        "resident GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        **errors,
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gibibytes", type=float, default=6)
    parser.add_argument("--model", default="fno")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", choices=("stream", "memory"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    path = options.folder / f"noise-{options.gibibytes:g}.h5"
    if options.worker:
        print(json.dumps(measure(path, options.model, options.worker == "stream")))
        return
    if not path.exists():
        write_noise(path, options.gibibytes)
    rows: dict[str, list[dict[str, float]]] = {"stream": [], "memory": []}
    for _ in range(_ROUNDS):
        for name, found in rows.items():
            command = [*again(), *sys.argv[1:], "--worker", name]
            found.append(json.loads(subprocess.check_output(command, text=True)))
            print(name, found[-1], flush=True)
    pace = {name: statistics.median(row["seconds a step"] for row in found) for name, found in rows.items()}
    memory = max(row["resident GiB"] for row in rows["stream"])
    size = path.stat().st_size / 2**30
    print(
        f"{size:.1f} GiB, {options.model}: {pace['memory'] / pace['stream']:.0%} of the rate from memory, at most "
        f"{memory:.2f} GiB resident"
    )
    write(options.json, {"GiB": size, **rows})


if __name__ == "__main__":
    main()
