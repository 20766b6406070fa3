"""Learned coarse equations beside the upscaled solve that they correct: errors, times and other laws.

    python -m benchmarks.accuracy.learned FOLDER [--data TRAIN.h5 --test TEST.h5] [--resolutions 31]
        [--model unet --options '{"width": 16, "levels": 1, "depth": 1}'] [--epochs 120] [--seeds 0 1 2]
        [--laws 24/3 log-normal-6] [--json FILE]

Two-phase Darcy flow, 12/3, on 421 x 421 nodes; without --data it is generated first. A network is trained for each
seed as `manojax train --informed learned --symmetries all --validation none` does, on the grids of --resolutions,
and measured on all grids of --grids with the same weights. FOLDER keeps data and runs: a second call goes on where
the first was interrupted.

Relative L2 is a mean over the test samples; ratios are those of these means. Times are of one sample, NumPy in and
out, upscaling from 421 x 421 nodes on both sides, one compiled program each, called in turn; the ratio is that of
the medians. Laws are those of `benchmarks.accuracy.generalisation` with 30 samples each: errors on the first grid
trained on, by the first seed.

On all 421 x 421 nodes the first seed's solution on the first grid trained on, and the upscaled solve's, are
carried by cubic splines, then improved by the fine multigrid until the relative residual is 1 (one or two
iterations), beside the fine multigrid from zero, stopped at residuals of 0.3 and 0.01 or not stopped: 20 samples,
medians of 9 calls in turn, everything counted from the coefficient in memory.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float

from benchmarks.accuracy.laws import LAWS
from benchmarks.record import command_line, cores, write
from benchmarks.study import seconds_of, train_to_the_end
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.data.generate import generate
from pde.equations.darcy.coarse_nodes import coarse_solve, solve_network
from pde.equations.darcy.polish import polish
from pde.equations.darcy.problem import Darcy
from pde.metrics import relative_l2
from pde.preprocessing.view import View
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.solvers.checks import check_spacing
from pde.solvers.elliptic import solve
from pde.solvers.upscaling import upscale
from pde.surrogates.resampling import carried
from pde.surrogates.surrogate import Surrogate

ROUNDS = 60
LAW_SAMPLES = 30
FINE_SAMPLES, FINE_ROUNDS = 20, 9
Field = Float[np.ndarray, "height width"]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--resolutions", type=int, nargs="+", default=[31])
    parser.add_argument("--grids", type=int, nargs="+", default=[16, 22, 31, 43, 61, 85, 141])
    parser.add_argument("--model", default="unet")
    parser.add_argument("--options", type=json.loads, default={"width": 16, "levels": 1, "depth": 1})
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--laws", nargs="*", default=list(LAWS), choices=LAWS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if (arguments.data is None) != (arguments.test is None):
        parser.error("give --data and --test, or neither")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    data = arguments.data or _made(arguments.folder / "train.h5", Darcy(), 1000, 0)
    test = arguments.test or _made(arguments.folder / "test.h5", Darcy(), 200, 1)
    surrogates = [_trained(arguments, data, seed) for seed in arguments.seeds]
    found: dict[str, Any] = {
        "settings": {name: getattr(arguments, name) for name in ("resolutions", "model", "options", "epochs")},
        "parameters": surrogates[0].run.parameters,
        "training_seconds": [round(seconds_of(_folder(arguments, seed))) for seed in arguments.seeds],
        "grids": by_grid(datasets.open(test), surrogates, arguments.grids),
        "fine": on_all_nodes(datasets.open(test).first(FINE_SAMPLES), surrogates[0]),
        "laws": by_law(arguments, surrogates[0]),
        "cores": cores(),
    }
    write(arguments.json, found)


def _made(path: Path, problem: Darcy, samples: int, seed: int) -> Path:
    if not path.exists():
        generate(problem, path, samples=samples, seed=seed)
    return path


def _folder(arguments: argparse.Namespace, seed: int) -> Path:
    options = "-".join(f"{value}" for value in arguments.options.values())
    grids = "-".join(map(str, arguments.resolutions))
    return arguments.folder / f"{arguments.model}-{options}-at-{grids}-{arguments.epochs}-epochs-seed-{seed}"


def _trained(arguments: argparse.Namespace, data: Path, seed: int) -> Surrogate:
    several = len(arguments.resolutions) > 1
    config = TrainingConfig(
        resolution=None if several else arguments.resolutions[0],
        resolutions=tuple(arguments.resolutions) if several else (),
        epochs=arguments.epochs,
        symmetries="all",
        validation="none",
        seed=seed,
        view=View(informed="learned"),
    )
    options = type(options_of(arguments.model))(**arguments.options)
    return train_to_the_end(data, _folder(arguments, seed), arguments.model, config, options)


def by_grid(test: DataFile, surrogates: list[Surrogate], grids: list[int]) -> list[dict[str, Any]]:
    print(f"{'nodes':>5} {'upscaled':>9} {'learned':>9} {'+-':>8} {'errors':>7} {'times':>6}")
    rows = []
    for resolution in grids:
        stride = test.stride_to(resolution)
        upscaled, learned = _upscaled_error(test, stride), [_error(each, test, stride) for each in surrogates]
        row = {
            "nodes": resolution,
            "upscaled": upscaled,
            "learned": learned,
            "milliseconds": _one_sample(test, surrogates[0], stride),
        }
        rows.append(row)
        spread = float(np.std(learned, ddof=1)) if len(learned) > 1 else float("nan")
        mean, times = float(np.mean(learned)), row["milliseconds"]
        ratios = f"{mean / upscaled:7.2f} {times['learned'] / times['upscaled']:6.2f}"
        print(f"{resolution:5} {upscaled:9.5f} {mean:9.5f} {spread:8.5f} {ratios}", flush=True)
    return rows


def on_all_nodes(test: DataFile, surrogate: Surrogate) -> dict[str, dict[str, float]]:
    """Errors and times of fields on the file's own grid."""
    grid, trained = test.grid, surrogate.run.grid
    stride, spacing = test.stride_to(trained.shape[0]), check_spacing(grid)

    def learned(a: Field) -> Field:
        return surrogate.resample(a[None, ..., None], grid)[0][0, ..., 0]

    def upscaled(a: Field) -> Field:
        coarse = coarse_solve(a, grid, stride, "upscaled").astype(np.float32)
        return carried(coarse[None, ..., None], trained, grid)[0, ..., 0]

    def multigrid(tolerance: float) -> Callable[[Field], Field]:
        stopped = jax.jit(lambda a: solve(a, jnp.ones_like(a), spacing=spacing, tolerance=tolerance).solution)
        return lambda a: np.asarray(stopped(a))

    schemes: dict[str, Callable[[Field], Field]] = {
        "learned, spline": learned,
        "learned, spline, multigrid to 1": lambda a: polish(a, learned(a), grid, 1.0).solution,
        "upscaled, spline": upscaled,
        "upscaled, spline, multigrid to 1": lambda a: polish(a, upscaled(a), grid, 1.0).solution,
        "multigrid from zero to 0.3": multigrid(0.3),
        "multigrid from zero to 0.01": multigrid(0.01),
        "fine solve": multigrid(1e-10),
    }
    samples = [(a[..., 0], u[..., 0]) for a, u in zip(test.read_inputs(), test.read_solution(), strict=True)]
    errors = {
        name: float(np.mean([np.linalg.norm(scheme(a) - u) / np.linalg.norm(u) for a, u in samples]))
        for name, scheme in schemes.items()
    }
    first = samples[0][0]
    times = in_turn({name: lambda scheme=scheme: scheme(first) for name, scheme in schemes.items()}, FINE_ROUNDS)
    found = {name: {"relative_l2": errors[name], "milliseconds": times[name]} for name in schemes}
    for name, row in found.items():
        print(f"{name:32} {row['relative_l2']:9.5f} {row['milliseconds']:8.1f} ms", flush=True)
    return found


def by_law(arguments: argparse.Namespace, surrogate: Surrogate) -> dict[str, dict[str, float]]:
    found = {}
    for law in arguments.laws:
        path = arguments.folder / f"law-{law.replace('/', '-')}.h5"
        data = datasets.open(_made(path, Darcy(**LAWS[law]), LAW_SAMPLES, 1))
        stride = data.stride_to(arguments.resolutions[0])
        found[law] = {"upscaled": _upscaled_error(data, stride), "learned": _error(surrogate, data, stride)}
        errors = found[law]
        print(
            f"{law:14} {errors['upscaled']:9.5f} {errors['learned']:9.5f} "
            f"{errors['learned'] / errors['upscaled']:16.2f}",
            flush=True,
        )
    return found


def _error(surrogate: Surrogate, data: DataFile, stride: int) -> float:
    grid = data.grid.strided(stride)
    predicted = [surrogate.predict(data.read_inputs(block), data.grid, grid) for block in data.blocks()]
    return _relative(np.concatenate(predicted), data, stride)


def _upscaled_error(data: DataFile, stride: int) -> float:
    samples = (data.read_inputs(slice(i, i + 1))[0, ..., 0].astype(np.float64) for i in range(data.samples))
    solved = np.stack([coarse_solve(a, data.grid, stride, "upscaled") for a in samples])
    return _relative(solved[..., None], data, stride)


def _relative(solved: np.ndarray, data: DataFile, stride: int) -> float:
    true = data.read_solution(stride=stride)
    return float(relative_l2(jnp.asarray(solved, jnp.float32), jnp.asarray(true)).mean())


def _one_sample(test: DataFile, surrogate: Surrogate, stride: int) -> dict[str, float]:
    """Median milliseconds of both programs for the first sample."""
    a, spacing = test.read_inputs(slice(1)), check_spacing(test.grid)
    coordinates = surrogate.run.normalisation.coordinates(test.grid.strided(stride))

    def solve(a: Any) -> Any:
        return solve_network(upscale(a[0, ..., 0].astype(jnp.float64), stride, spacing)).solution

    def learned(params: Any, a: Any) -> Any:
        return nnx.merge(surrogate.graph, params)(a, coordinates)

    with jax.enable_x64(True):
        upscaled_program = jax.jit(solve)
        programs: dict[str, Callable[[], Any]] = {"upscaled": lambda: np.asarray(upscaled_program(a))}
        learned_program = jax.jit(learned)
        programs["learned"] = lambda: np.asarray(learned_program(surrogate.params, a))
        return in_turn(programs, ROUNDS)


def in_turn(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median milliseconds of calls that are made in turn, after one of each that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - started))
    return {name: float(np.median(each)) for name, each in times.items()}


if __name__ == "__main__":
    main()
