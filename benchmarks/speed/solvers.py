"""How fast is the multigrid solver, beside solvers in common use, and what is its cost on finer grids?

    python -m benchmarks.speed.solvers [--resolution 421] [--samples 4] [--rounds 7] [--json FILE]

Two-phase 12/3 coefficients on nodes, double precision, relative residual 1e-8 (the direct solvers reach more). In
every round each solver in turn solves the same samples with all cores busy: ours on one thread a core, the peers
in one process a core, one thread each. The matrix is handed to the peers ready made; their set-up (ordering,
factorisation, coarse levels) counts, our compilation is stated apart, and so is the memory of `manojax generate`.
Figures are medians over the rounds, of seconds a sample. Needs pyamg (`pip install pyamg`).

Found: see `results/solvers.json` and the table in the README.
"""

import importlib
import multiprocessing
import os
import platform
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import splu, spsolve

from benchmarks.record import command_line, manojax, write
from pde.system.machine import cores

TOLERANCE = 1e-8
CORES = cores()
GRIDS = (211, 421, 1025)


def matrix(a: np.ndarray) -> csc_array:
    """The five-point scheme with arithmetic faces on the inner nodes of the unit square, times h^2."""
    x, y = (a[1:, 1:-1] + a[:-1, 1:-1]) / 2, (a[1:-1, 1:] + a[1:-1, :-1]) / 2
    width = y.shape[0]
    inner_y = y[:, :-1].copy()
    inner_y[:, 0] = 0.0  # the border is known
    right, below = inner_y.ravel()[1:], x[1:-1].ravel()
    diagonal = (x[1:] + x[:-1] + y[:, 1:] + y[:, :-1]).ravel()
    offsets: Any = [0, 1, -1, width, -width]
    return csc_array(diags_array([diagonal, -right, -right, -below, -below], offsets=offsets))


def by_spsolve(system: csc_array, right: np.ndarray) -> np.ndarray:
    return np.asarray(spsolve(system, right))


def by_symmetric_superlu(system: csc_array, right: np.ndarray) -> np.ndarray:
    options = {"SymmetricMode": True}
    return splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).solve(right)


def by_pyamg(system: csc_array, right: np.ndarray) -> np.ndarray:
    pyamg = importlib.import_module("pyamg")  # not needed for anything else, so not among our dependencies
    return pyamg.ruge_stuben_solver(csr_array(system)).solve(right, tol=TOLERANCE, accel="cg")


PEERS = {
    "spsolve (SuperLU, COLAMD)": by_spsolve,
    "SuperLU, symmetric mode, MMD": by_symmetric_superlu,
    "pyamg Ruge-Stueben + CG": by_pyamg,
}


def solve_by_peer(name: str, system: Any) -> tuple[np.ndarray, float]:
    """The solution and its relative residual; one job of a worker process."""
    right = np.full(system.shape[0], 1.0)
    u = PEERS[name](system, right)
    return u, float(np.linalg.norm(right - system @ u) / np.linalg.norm(right))


def ours(a: np.ndarray) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """A compiled solver for coefficients of this shape."""
    import jax
    import jax.numpy as jnp

    from pde.solvers.elliptic import solve

    with jax.enable_x64(True):
        compiled = jax.jit(lambda a: solve(a, jnp.ones_like(a), spacing=(1.0, 1.0), tolerance=TOLERANCE))
        compiled(jnp.asarray(a)).solution.block_until_ready()

    def run(a: np.ndarray) -> tuple[np.ndarray, float]:
        with jax.enable_x64(True):
            solved = compiled(jnp.asarray(a))
            return np.asarray(solved.solution[1:-1, 1:-1]).ravel(), float(solved.residual)

    return run


def coefficients(resolution: int, samples: int) -> list[np.ndarray]:
    from pde.equations.darcy.problem import Darcy

    return [sample["coefficient"] for sample in Darcy(resolution=resolution).samples(0, range(samples))]


def seconds(job: Callable[[], list]) -> tuple[float, list]:
    start = time.perf_counter()
    done = list(job())
    return (time.perf_counter() - start) / len(done), done


def compare(resolution: int, samples: int, rounds: int) -> dict:
    """Seconds a sample of each solver, all cores busy."""
    fields = coefficients(resolution, samples)
    systems = [matrix(a) for a in fields]
    start = time.perf_counter()
    run = ours(fields[0])
    compilation = time.perf_counter() - start
    times: dict[str, list[float]] = {name: [] for name in ("manojax", *PEERS)}
    worst: dict[str, float] = {}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(CORES) as threads, ProcessPoolExecutor(CORES, spawn) as processes:
        for round_ in range(rounds + 1):  # the first warms up
            mine, solutions = seconds(lambda: [*threads.map(run, fields * 4)])
            taken = {"manojax": (mine, solutions[:samples])}
            for name in PEERS:
                taken[name] = seconds(lambda name=name: [*processes.map(solve_by_peer, [name] * samples, systems)])
            for name, (time_taken, solved) in taken.items():
                if round_:
                    times[name].append(time_taken)
                worst[name] = max(residual for _, residual in solved)
                for (u, _), (reference, _) in zip(solved, taken["spsolve (SuperLU, COLAMD)"][1], strict=True):
                    assert np.linalg.norm(u - reference) < 1e-5 * np.linalg.norm(reference), name
    ours_median = float(np.median(times["manojax"]))
    rows = {
        name: {
            "seconds": float(np.median(taken)),
            "fastest": min(taken),
            "slowest": max(taken),
            "ratio": float(np.median(taken)) / ours_median,
            "residual": worst[name],
        }
        for name, taken in times.items()
    }
    return {
        "resolution": resolution,
        "samples": samples,
        "rounds": rounds,
        "compilation": compilation,
        "rows": rows,
    }


def by_grid(rounds: int) -> list[dict]:
    """Seconds a sample of ours on several grids, in turn, one thread a core."""
    fields = {n: coefficients(n, 2) for n in GRIDS}
    runs = {n: ours(fields[n][0]) for n in GRIDS}
    times: dict[int, list[float]] = {n: [] for n in GRIDS}
    with ThreadPoolExecutor(CORES) as threads:
        for _ in range(rounds):
            for n in GRIDS:
                repeats = max(1, (421 // n) ** 2) * 2
                times[n].append(seconds(lambda n=n, k=repeats: [*threads.map(runs[n], fields[n] * k)])[0])
    medians = {n: float(np.median(times[n])) for n in GRIDS}
    return [{"resolution": n, "seconds": t, "nanoseconds_a_point": 1e9 * t / n**2} for n, t in medians.items()]


def generating(samples: int) -> dict:
    """Peak memory and time of `manojax generate` at 421, everything included."""
    with tempfile.TemporaryDirectory() as folder:
        command = manojax("generate", f"{folder}/a.h5", "--samples", samples)
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {"samples": samples, "seconds": taken, "peak_gib_so_far": peak}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--resolution", type=int, default=421)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    memory = [generating(samples) for samples in (20, 200)]  # first, as peers use more memory
    result = {
        "cores": CORES,
        "processor": platform.machine(),
        "python": platform.python_version(),
        "generate_421": memory,
        "by_grid": by_grid(options.rounds),
        "solvers": compare(options.resolution, options.samples, options.rounds),
    }
    rows = result["solvers"]["rows"]
    print(f"{options.resolution} x {options.resolution}, {CORES} cores, relative residual {TOLERANCE:g}\n")
    print("| solver | milliseconds a sample | times ours | residual |\n|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {1e3 * row['seconds']:.1f} | {row['ratio']:.1f} | {row['residual']:.0e} |")
    print(f"\nOur compilation: {result['solvers']['compilation']:.1f} s.\n")
    print("| grid | milliseconds a sample | nanoseconds a point |\n|---|---|---|")
    for row in result["by_grid"]:
        print(f"| {row['resolution']} | {1e3 * row['seconds']:.1f} | {row['nanoseconds_a_point']:.0f} |")
    for row in memory:
        print(
            f"generate {row['samples']} at 421: {row['seconds']:.1f} s, at most {row['peak_gib_so_far']:.2f} GiB"
        )
    write(options.json, result)


if __name__ == "__main__":
    main()
