"""The worth of the fine coefficient to an operator, and of a solver inside.

    python -m benchmarks.accuracy.informed FOLDER [--data TRAIN.h5 --test TEST.h5] [--resolution 31]
        [--models mano fno] [--views means informed-upscaled]
        [--options '{"fno": {"learning_rate": 1e-2, "batch_size": 5}}'] [--json FILE]

Two-phase Darcy flow, 3/12, is solved on 421 x 421 nodes and strided to 31 x 31; without --data it is generated
first. Each model is trained there with the defaults of `manojax train` except for --options, with up to five
views: on values of the coefficient at its points (averaged around them, as is the default), on its means over
cells, and correcting coarse solutions from the strided coefficient or from upscaled faces, the latter beside cell
means as well. The baseline comes first: those coarse solutions themselves. FOLDER keeps data and runs: a second
call goes on where the first was interrupted, and measures again.

Relative L2 is a mean over the test samples. Milliseconds are medians for one sample, all in one process: a
prediction with restriction and solves included, beside assembly, factorisation and solution by SuperLU of the
schemes that the coarse solutions take; upscaling from the fine coefficient counts on both sides.

Found (`results/informed_31.json` and `informed_61.json`, one seed, 200 test samples; MANO for 81 epochs and
FNO with `{"epochs": 176, "learning_rate": 1e-2, "batch_size": 5, "loss": "relative-l2"}`, the same minutes,
both with `"validation": "none"`): on the data of `results/accuracy.md`, with cell means MANO 0.0043 and FNO
0.0046; correcting the upscaled solve, which has 0.0042, beside them (`informed-upscaled-means`), MANO 0.0011
and FNO 0.0016. At 61 x 61, after 20 and 45 epochs, 0.0006 and 0.0007 where that solve has 0.0019. Times are
in the files.
"""

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse.linalg import splu

from benchmarks.record import command_line, write
from benchmarks.study import train_to_the_end
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.data.generate import generate
from pde.equations.darcy.canonical import assemble
from pde.equations.darcy.coarse_nodes import CoarseFaces, coarse_solve
from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.metrics import relative_l2
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.runs.run import seconds_of
from pde.solvers.checks import check_spacing
from pde.solvers.conductances import Conductances, conductances
from pde.solvers.upscaling import upscale
from pde.system.timing import median_milliseconds

VIEWS: dict[str, dict[str, Any]] = {
    "strided": {},
    "means": {"restriction": "means"},
    "informed-strided": {"informed": "strided"},
    "informed-upscaled": {"informed": "upscaled"},
    "informed-upscaled-means": {"informed": "upscaled", "restriction": "means"},
}
REPEATS = 30


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--nodes", type=int, default=421, help="of generated data")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--test-samples", type=int, default=200)
    parser.add_argument("--resolution", type=int, default=31)
    parser.add_argument("--models", nargs="+", default=["mano", "fno"])
    parser.add_argument("--views", nargs="+", default=list(VIEWS), choices=VIEWS)
    parser.add_argument("--options", type=json.loads, default={}, help="changes to `TrainingConfig`, by model")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if (arguments.data is None) != (arguments.test is None):
        parser.error("give --data and --test, or neither")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    data, test = arguments.data, arguments.test
    if data is None:
        data, test = (arguments.folder / name for name in ("train.h5", "test.h5"))
        law = Darcy(resolution=arguments.nodes)
        for seed, (path, samples) in enumerate({data: arguments.samples, test: arguments.test_samples}.items()):
            if not path.exists():
                generate(law, path, samples=samples, seed=seed)
    measure_all(arguments, data, datasets.open(test))


def measure_all(arguments: argparse.Namespace, data: Path, test: DataFile) -> None:
    settings = {name: getattr(arguments, name) for name in ("resolution", "options")}
    settings |= {"data": data.name, "test_samples": test.samples}
    rows: list[dict[str, Any]] = []
    print(f"{'model':8} {'view or faces':24} {'parameters':>10} {'relative L2':>12} {'ms a sample':>12}")
    for row in measurements(arguments, data, test):
        rows.append(row)
        named = f"{row['model']:8} {row.get('view') or row['faces']:24} {row['parameters']:>10,}"
        print(f"{named} {row['relative_l2']:12.5f} {row['milliseconds']:12.2f}", flush=True)
        write(arguments.json, {"rows": rows, **settings})


def measurements(arguments: argparse.Namespace, data: Path, test: DataFile) -> Iterator[dict[str, Any]]:
    yield measure_solver(test, arguments.resolution, "mean")
    yield measure_solver(test, arguments.resolution, "upscaled")
    for model, view, seed in itertools.product(arguments.models, arguments.views, arguments.seeds):
        changes = {
            "resolution": arguments.resolution,
            "seed": seed,
            **arguments.options.get(model, {}),
            "view": View(**VIEWS[view]),
        }
        out = arguments.folder / f"{model}-{view}-{arguments.resolution}-{seed}"
        yield measure_model(model, view, TrainingConfig(**changes), data, test, out)


def measure_model(
    model: str, view: str, config: TrainingConfig, data: Path, test: DataFile, out: Path
) -> dict[str, Any]:
    surrogate = train_to_the_end(data, out, model, config)
    # Only data that the model sees are passed to it.
    fine = config.view.sees_between
    stride = 1 if fine else test.stride_to(surrogate.run.grid.shape[0])
    grid, trained = test.grid.strided(stride), surrogate.run.grid
    predicted = [surrogate.predict(test.read_inputs(block, stride), grid, trained) for block in test.blocks()]
    first = test.read_inputs(slice(1), stride)
    return {
        "model": model,
        "view": view,
        "seed": config.seed,
        "parameters": surrogate.run.parameters,
        "relative_l2": mean_error(np.concatenate(predicted), test, trained.shape[0]),
        "milliseconds": median_milliseconds(lambda: surrogate.predict(first, grid, trained), REPEATS),
        "training": {"epochs": surrogate.training.epochs, "seconds": round(seconds_of(out))},
    }


def measure_solver(test: DataFile, resolution: int, faces: CoarseFaces) -> dict[str, Any]:
    """Coarse solutions: their error, and the time of the SuperLU solves that they take."""
    stride = test.stride_to(resolution)
    samples = (test.read_inputs(slice(i, i + 1))[0, ..., 0].astype(np.float64) for i in range(test.samples))
    solved = np.stack([coarse_solve(a, test.grid, stride, faces) for a in samples])
    first = test.read_inputs(slice(1))[0, ..., 0].astype(np.float64)
    return {
        "model": "solver",
        "faces": faces,
        "parameters": 0,
        "relative_l2": mean_error(solved[..., None], test, resolution),
        "milliseconds": median_milliseconds(lambda: solve_by_superlu(first, test.grid, stride, faces), REPEATS),
    }


def solve_by_superlu(coefficient: np.ndarray, grid: Grid, stride: int, faces: CoarseFaces) -> np.ndarray:
    """The mean of the solutions of its schemes, on the inner nodes."""
    networks = [assemble(c) for c in coarse_conductances(coefficient, grid, stride, faces)]
    solutions = [splu(m, permc_spec="MMD_AT_PLUS_A").solve(np.ones_like(m.diagonal())) for m in networks]
    return np.mean(solutions, axis=0)


def coarse_conductances(
    coefficient: np.ndarray, grid: Grid, stride: int, faces: CoarseFaces
) -> Iterator[Conductances]:
    spacing, strided = check_spacing(grid), check_spacing(grid.strided(stride))
    with jax.enable_x64(True):
        if faces == "upscaled":
            yield upscale(jnp.asarray(coefficient), stride, spacing)
        else:
            for each in ("arithmetic", "harmonic"):
                yield conductances(jnp.asarray(coefficient[::stride, ::stride]), strided, faces=each)


def mean_error(predicted: np.ndarray, test: DataFile, resolution: int) -> float:
    true = test.read_outputs(stride=test.stride_to(resolution))
    return float(relative_l2(jnp.asarray(predicted, jnp.float32), jnp.asarray(true)).mean())


if __name__ == "__main__":
    main()
