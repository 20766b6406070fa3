"""How fast is the solver on three axes, beside algebraic multigrid?

    python -m benchmarks.speed.box [--side 65] [--rounds 3] [--json FILE]

Two-phase 12/3 coefficients, source 1, zero border, nodes, relative residual 1e-10, by ours and by pyamg's
Ruge-Stueben and smoothed aggregation with conjugate gradients, set-up included, in turn, all cores busy: ours on
one thread a core, pyamg in one process a core. The matrix is handed to pyamg ready made. Needs pyamg
(`pip install pyamg`). Figures are medians over the rounds, of seconds a sample. Beforehand a sample of 33 nodes a
side is compared with SciPy's direct solution. `benchmarks.speed.iterations` counts iterations.

Found: see `results/box_solver.json` and docs/speed.md.
"""

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, kron
from scipy.sparse.linalg import spsolve

from benchmarks.record import command_line, write
from pde.equations.darcy.box import DarcyBox
from pde.solvers.elliptic import solve
from pde.system.machine import cores

TOLERANCE = 1e-10
DIRECT = 33
"""Nodes a side of the comparison with a direct solver."""
METHODS = {"Ruge-Stueben + CG": "ruge_stuben_solver", "smoothed aggregation + CG": "smoothed_aggregation_solver"}
"""Constructors of pyamg."""


def coefficients(side: int, samples: int) -> list[jax.Array]:
    """Two-phase coefficients of the default law (with x64 enabled)."""
    return [jnp.asarray(each["coefficient"]) for each in DarcyBox(resolution=side).samples(0, range(samples))]


def matrix(a: np.ndarray) -> Any:
    """The scheme on the inner nodes, times h^2, as sum_axes D^T diag(c) D with differences D."""
    inner = a.shape[0] - 2
    offsets: Any = [0, -1]
    ends: Any = diags_array([np.ones(inner), -np.ones(inner)], offsets=offsets, shape=(inner + 1, inner))
    one: Any = eye_array(inner)
    total: Any = 0
    for axis in range(3):
        lines = a[tuple(slice(None) if b == axis else slice(1, -1) for b in range(3))]
        low, high = np.moveaxis(lines, axis, 0)[:-1], np.moveaxis(lines, axis, 0)[1:]
        c = np.moveaxis((low + high) / 2, 0, axis).ravel()
        first, second, third = (ends if b == axis else one for b in range(3))
        differences: Any = kron(kron(first, second), third)
        total = total + differences.T @ diags_array(c) @ differences
    return csr_array(total)


def by_pyamg(constructor: str, system: Any) -> tuple[np.ndarray, float]:
    """The solution and its relative residual; one job of a worker process."""
    right = np.ones(system.shape[0])
    pyamg = importlib.import_module("pyamg")  # not needed for anything else, so not among our dependencies
    u = getattr(pyamg, constructor)(system).solve(right, tol=TOLERANCE, accel="cg", maxiter=200)
    return u, float(np.linalg.norm(right - system @ u) / np.linalg.norm(right))


def ours(a: jax.Array) -> Any:
    """Solve one sample, with unit spacing."""
    return solve(a, jnp.ones_like(a), spacing=(1.0,) * 3, tolerance=TOLERANCE)


def from_direct(side: int) -> float:
    """Distance of a solution from SciPy's direct one, relative to its norm."""
    [a] = coefficients(side, 1)
    system = matrix(np.asarray(a))
    direct = np.asarray(spsolve(system.tocsc(), np.ones(system.shape[0])))
    inner = np.asarray(jax.jit(ours)(a).solution)[1:-1, 1:-1, 1:-1].ravel()
    return float(np.linalg.norm(inner - direct) / np.linalg.norm(direct))


def timed(call: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    """Seconds an item, and the items."""
    started = time.perf_counter()
    done = call()
    return (time.perf_counter() - started) / len(done), done


def compare(side: int, rounds: int) -> dict[str, Any]:
    """Seconds a sample of each solver, and the ratio of pyamg's to ours."""
    samples = 2 * cores()
    given = coefficients(side, samples)
    systems = [matrix(np.asarray(a)) for a in given]
    run = jax.jit(ours)
    times: dict[str, list[float]] = {name: [] for name in ("manojax", *METHODS)}
    residuals: dict[str, float] = {}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(cores()) as threads, ProcessPoolExecutor(cores(), spawn) as processes:

        def mine() -> list[Any]:
            with jax.enable_x64(True):
                return list(threads.map(lambda a: jax.block_until_ready(run(a)), given))

        for turn in range(rounds + 1):  # the first warms up
            taken = {"manojax": timed(mine)}
            residuals["manojax"] = max(float(each.residual) for each in taken["manojax"][1])
            for name, constructor in METHODS.items():
                jobs = [constructor] * samples, systems
                taken[name] = timed(lambda jobs=jobs: list(processes.map(by_pyamg, *jobs)))
                residuals[name] = max(residual for _, residual in taken[name][1])
            for name, (each, _) in taken.items():
                times[name] += [each] if turn else []
    mine_took = np.array(times["manojax"])
    return {
        name: {
            "seconds": float(np.median(each)),
            "ratio": float(np.median(np.array(each) / mine_took)),
            "residual": residuals[name],
        }
        for name, each in times.items()
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--side", type=int, default=65)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with jax.enable_x64(True):
        apart = from_direct(DIRECT)
        print(f"{apart:.1e} from the direct solution", flush=True)
        rows = compare(options.side, options.rounds)
    for name, row in rows.items():
        print(f"{name:28} {1e3 * row['seconds']:8.1f} ms {row['ratio']:6.1f} {row['residual']:.1e}", flush=True)
    write(options.json, {"tolerance": TOLERANCE, "from direct": apart, "side": options.side, "rows": rows})


if __name__ == "__main__":
    main()
