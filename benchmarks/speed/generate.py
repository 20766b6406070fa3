"""How long does `pde.generate` take beside the solves alone?

    python -m benchmarks.speed.generate [--sides 65 129 257 421 1025] [--seconds 2] [--rounds 5] [--json FILE]

Darcy flow, two-phase 12/3 on nodes, all cores. In every round the same samples are once only solved, from their
coefficients in memory, and once generated into a file: field, coefficient, solve, residual, conversion, writing
and `fsync`. Both run in this process, after one round in which they are compiled. Stated are medians over the
rounds, of milliseconds a sample and of the ratio within a round.
"""

import tempfile
import time
from collections import deque
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.record import command_line, write
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.solvers.elliptic import solve
from pde.solvers.side_by_side import in_order

NANOSECONDS_A_POINT = 60


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sides", nargs="+", type=int, default=[65, 129, 257, 421, 1025])
    parser.add_argument("--seconds", type=float, default=2.0, help="about the time of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    for side in arguments.sides:
        rows.append(row(side, arguments.seconds, arguments.rounds))
        print(rows[-1], flush=True)
    write(arguments.json, {"rounds": arguments.rounds, "rows": rows})


def row(side: int, budget: float, rounds: int) -> dict[str, float]:
    problem = Darcy(resolution=side)
    samples = max(4, int(budget / (NANOSECONDS_A_POINT * 1e-9 * side**2)))
    coefficients = [sample["coefficient"] for sample in problem.samples(0, range(4))]
    step = 1 / (side - 1)
    solving, generating = [], []
    with jax.enable_x64(True), tempfile.TemporaryDirectory() as folder:
        solved = jax.jit(
            lambda a: solve(a, jnp.ones_like(a), spacing=(step, step), tolerance=problem.tolerance).solution
        )

        def solve_one(number: int) -> np.ndarray:
            with jax.enable_x64(True):
                return np.asarray(solved(coefficients[number % len(coefficients)]))

        for turn in range(rounds + 1):
            started = time.perf_counter()
            deque(in_order(solve_one, range(samples)), maxlen=0)
            between = time.perf_counter()
            generate(problem, Path(folder) / f"{turn}.h5", samples=samples, seed=0)
            ended = time.perf_counter()
            (Path(folder) / f"{turn}.h5").unlink()
            if turn:
                solving.append((between - started) / samples)
                generating.append((ended - between) / samples)
    return {
        "side": side,
        "samples": samples,
        "solve, ms": 1e3 * float(np.median(solving)),
        "generate, ms": 1e3 * float(np.median(generating)),
        "ratio": float(np.median(np.array(generating) / solving)),
    }


if __name__ == "__main__":
    main()
