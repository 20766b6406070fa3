"""How long does `pde.generate` take beside the solves alone?

    python -m benchmarks.speed.generate [--sides 65 129 257 421 1025] [--seconds 2] [--rounds 5] [--json FILE]

Darcy flow, two-phase 12/3 on nodes, all cores. In every round as many samples are once only solved, from
coefficients in memory, once only their Gaussian fields are drawn, and once they are generated into a file: field,
coefficient, solve, residual, conversion, writing and `fsync`. All run in this process, after one round in which
they are compiled. Stated are medians over the rounds, of milliseconds a sample and of the ratio of generation to
the solves within a round.

Found (`results/generate.json`, 2 cores of an AMD EPYC): 1.3 times the solves at 1025 x 1025, 1.6 at 421 x 421 and
1.9 at 65 x 65 to 257 x 257.
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
from pde.random_fields.gaussian import gaussian_field
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
    solving, drawing, generating = [], [], []
    with jax.enable_x64(True), tempfile.TemporaryDirectory() as folder:
        solved = jax.jit(
            lambda a: solve(a, jnp.ones_like(a), spacing=(step, step), tolerance=problem.tolerance).solution
        )

        @jax.jit
        def drawn(number: jax.Array) -> jax.Array:
            key = jax.random.fold_in(jax.random.key(0), number)
            return gaussian_field(key, (side, side), alpha=problem.alpha, tau=problem.tau)

        def solve_one(number: int) -> np.ndarray:
            with jax.enable_x64(True):
                return np.asarray(solved(coefficients[number % len(coefficients)]))

        def draw_one(number: int) -> np.ndarray:
            with jax.enable_x64(True):
                return np.asarray(drawn(number))

        for turn in range(rounds + 1):
            times = [time.perf_counter()]
            for one in (solve_one, draw_one):
                deque(in_order(one, range(samples)), maxlen=0)
                times.append(time.perf_counter())
            generate(problem, Path(folder) / f"{turn}.h5", samples=samples, seed=0)
            times.append(time.perf_counter())
            (Path(folder) / f"{turn}.h5").unlink()
            if turn:
                for taken, each in zip((solving, drawing, generating), np.diff(times), strict=True):
                    taken.append(each / samples)
    return {
        "side": side,
        "samples": samples,
        "solve, ms": 1e3 * float(np.median(solving)),
        "field, ms": 1e3 * float(np.median(drawing)),
        "generate, ms": 1e3 * float(np.median(generating)),
        "ratio": float(np.median(np.array(generating) / solving)),
    }


if __name__ == "__main__":
    main()
