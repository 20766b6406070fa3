"""How near do operators and the solver come to the limits of the machine?

    python -m benchmarks.speed.roofline [--rounds 7] [--json FILE]

The limits are measured in the same run, with all cores busy: arithmetic, by a product of two float32 matrices, and
bandwidth, by copies of as many bytes as a program works on and of 1 GB (a byte read and a byte written count as
two bytes; each core copies a part of its own).

- Operators: a training step (forward, squared error, gradient) of ten samples at 31 x 31 and of two at 128 x 128,
  with the defaults of each model, in a compiled loop of some steps, as in `manojax train`.
- Copies of a map of 32 channels, from 128 x 128 to 1024 x 1024 points: what they lose by leaving the cache, every
  operator on these grids loses.
- The solver: an iteration of conjugate gradients with its multigrid cycle, for two-phase 12/3 coefficients, one
  sample a core: the time of a solve by its iterations, set-up included.

Operations and bytes are XLA's count for the compiled program: bytes are what its fused loops read and write, as if
no cache kept anything. Where their time at the bandwidth is longer than that of the operations at the product's
rate, memory is the limit. Times are medians.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.programs import counted, median, product_rate, solver_iteration, training_step
from benchmarks.record import command_line, write
from pde.equations.darcy.problem import Darcy
from pde.solvers.elliptic import solve
from pde.system.machine import cores

MODELS = ("mano", "fno", "unet")
GRIDS = {31: 10, 128: 2}
"""Samples of a training step by points a side."""
SIDES = (211, 421, 1025)
MAPS, WIDTH = (128, 256, 512, 1024), 32
"""Points a side and channels of the maps that are copied."""
GIGABYTE = 10**9


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rounds = arguments.rounds
    found = {
        "operations a second": product_rate(rounds),
        "bytes a second, 1 GB": bandwidth(GIGABYTE, rounds),
        "copies": [copy(side, rounds) for side in MAPS],
        "operators": [step(name, side, rounds) for name in MODELS for side in GRIDS],
        "solver": [iteration(side, rounds) for side in SIDES],
    }
    print(f"product {found['operations a second'] / 1e9:.0f} GFLOP/s")
    print(f"copies of 1 GB {found['bytes a second, 1 GB'] / 1e9:.1f} GB/s")
    for row in found["copies"] + found["operators"] + found["solver"]:
        print(row)
    write(arguments.json, found)


def bandwidth(size: int, rounds: int) -> float:
    """Return bytes a second, read and written, of copies whose arrays have `size` bytes together."""
    pairs = [(np.ones(size // 16 // cores()), np.zeros(size // 16 // cores())) for _ in range(cores())]
    repeats = max(1, GIGABYTE // size)

    def copy(pair: tuple[np.ndarray, np.ndarray]) -> None:
        source, target = pair
        for _ in range(repeats):
            np.copyto(target, source)

    with ThreadPoolExecutor(cores()) as threads:
        taken = median(lambda: list(threads.map(copy, pairs)), rounds)
    return repeats * sum(source.nbytes + target.nbytes for source, target in pairs) / taken


def copy(side: int, rounds: int) -> dict[str, Any]:
    """Measure the copy of a float32 map, as a plain neighbour of an operator whose cost grows with the points."""
    size = 2 * 4 * WIDTH * side**2
    return {"side": side, "seconds": size / bandwidth(size, rounds)}


def step(name: str, side: int, rounds: int) -> dict[str, Any]:
    """Measure a training step of a model."""
    batch = GRIDS[side]
    steps = max(1, 100_000 // (batch * side**2))
    params, one, loop = training_step(name, side, batch, steps)
    program = one.lower(params).compile()
    assert " while(" not in program.as_text(), "XLA counts a loop as one pass"
    row = {"model": name, "side": side, "batch": batch, "seconds": median(lambda: loop(params), rounds) / steps}
    size = program.memory_analysis().temp_size_in_bytes
    return row | counted(program) | {"bytes a second": bandwidth(size, rounds)}


def iteration(side: int, rounds: int) -> dict[str, Any]:
    """Measure an iteration of the solver, one sample a core."""
    fields = [each["coefficient"] for each in Darcy(resolution=side).samples(0, range(cores()))]
    with jax.enable_x64(True):
        run = jax.jit(lambda a: solve(a, jnp.ones_like(a), spacing=(1.0, 1.0), tolerance=1e-8)[:3])
        jobs = [jnp.asarray(each) for each in fields] * max(1, (421 // side) ** 2)
        iterations = float(np.mean([int(run(a)[2]) for a in jobs[: cores()]]))
        program, held = solver_iteration(jobs[0])

    def in_thread(a: jax.Array) -> Any:
        with jax.enable_x64(True):
            return jax.block_until_ready(run(a))

    with ThreadPoolExecutor(cores()) as threads:
        seconds = median(lambda: list(threads.map(in_thread, jobs)), rounds) / (len(jobs) / cores())
    row = {"side": side, "iterations": iterations, "seconds": seconds / iterations, "held": cores() * held}
    together = {key: cores() * value for key, value in counted(program).items()}
    return row | together | {"bytes a second": bandwidth(cores() * held, rounds)}


if __name__ == "__main__":
    main()
