"""What is the fine coefficient worth to an operator, and what a solver inside?

    python benchmarks/informed.py [--data TRAIN.h5 --test TEST.h5] [--models mano fno] [--seeds 0] [--json FILE]

Two-phase Darcy flow, 3/12, is solved on 421 x 421 nodes and strided to 31 x 31; without --data it is generated
first. Each model is trained there with the defaults of `manojax train` in four ways: on values of the coefficient
at its points (averaged around them, as is the default), on means of it over cells, and correcting coarse solutions
from the strided coefficient or from upscaled faces. What has to be beaten comes first: those coarse solutions
themselves.

Relative L2 is a mean over the test samples. Milliseconds are medians for one sample, all in one process: a
prediction with restriction and solves included, beside assembly, factorisation and solution by SuperLU of the
schemes that the coarse solutions take; upscaling from the fine coefficient counts on both sides.

Found so far (FNO, 12 epochs, one seed, 200 test samples; MANO has not been run, and times were of a busy machine):
means 0.0322, points 0.0327, strided solves corrected 0.0108 (uncorrected 0.0114), the upscaled one 0.0027
(0.0043).
"""

import argparse
import itertools
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse.linalg import splu

from manojax import MODELS
from pde import datasets, load
from pde.canonical import assemble
from pde.coarse import CoarseFaces, coarse_solve, upscale
from pde.conductances import Conductances, conductances
from pde.darcy import Darcy, check_spacing
from pde.datasets import DataFile
from pde.files import write_text
from pde.generation import generate
from pde.grid import Grid
from pde.metrics import relative_l2
from pde.runs import TrainingConfig
from pde.timing import median_milliseconds
from pde.training import train
from pde.versions import versions

WAYS: dict[str, dict[str, Any]] = {
    "strided": {},
    "means": {"restriction": "means"},
    "informed, strided": {"informed": "strided"},
    "informed, upscaled": {"informed": "upscaled"},
}
REPEATS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--nodes", type=int, default=421, help="of generated data")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--test-samples", type=int, default=100)
    parser.add_argument("--resolution", type=int, default=31)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--models", nargs="+", default=["mano", "fno"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if (arguments.data is None) != (arguments.test is None):
        parser.error("give --data and --test, or neither")
    with tempfile.TemporaryDirectory() as folder:
        data, test = arguments.data, arguments.test
        if data is None:
            data, test = (Path(folder) / name for name in ("train.h5", "test.h5"))
            law = Darcy(resolution=arguments.nodes)
            generate(law, data, samples=arguments.samples, seed=0)
            generate(law, test, samples=arguments.test_samples, seed=1)
        measure_all(arguments, data, datasets.open(test), Path(folder))


def measure_all(arguments: argparse.Namespace, data: Path, test: DataFile, folder: Path) -> None:
    settings = {"data": data.name, "test_samples": test.samples, "resolution": arguments.resolution}
    rows: list[dict[str, Any]] = []
    print(f"{'model':8} {'way':20} {'parameters':>10} {'relative L2':>12} {'ms a sample':>12}")
    for row in measurements(arguments, data, test, folder):
        rows.append(row)
        named = f"{row['model']:8} {row['way']:20} {row['parameters']:>10,}"
        print(f"{named} {row['relative_l2']:12.5f} {row['milliseconds']:12.2f}", flush=True)
        if arguments.json:
            report = {"rows": rows, **settings, "cores": os.cpu_count(), "versions": versions()}
            write_text(arguments.json, json.dumps(report, indent=1) + "\n")


def measurements(
    arguments: argparse.Namespace, data: Path, test: DataFile, folder: Path
) -> Iterator[dict[str, Any]]:
    yield measure_solver(test, arguments.resolution, "mean")
    yield measure_solver(test, arguments.resolution, "upscaled")
    for model, (way, changes), seed in itertools.product(arguments.models, WAYS.items(), arguments.seeds):
        config = TrainingConfig(resolution=arguments.resolution, epochs=arguments.epochs, seed=seed, **changes)
        yield measure_model(model, way, config, data, test, folder / f"{model}-{way}-{seed}")


def measure_model(
    model: str, way: str, config: TrainingConfig, data: Path, test: DataFile, out: Path
) -> dict[str, Any]:
    started = time.perf_counter()
    train(data, out, model=model, options=MODELS[model].Config(), config=config)
    seconds = time.perf_counter() - started
    surrogate = load(out)
    # What a model does not look at need not be handed over.
    fine = config.restriction == "means" or config.informed == "upscaled"
    stride = 1 if fine else test.stride_to(surrogate.run.grid.shape[0])
    grid, trained = test.grid.strided(stride), surrogate.run.grid
    predicted = [surrogate.predict(test.read_inputs(block, stride), grid, trained) for block in test.blocks()]
    first = test.read_inputs(slice(1), stride)
    return {
        "model": model,
        "way": way,
        "seed": config.seed,
        "parameters": surrogate.run.parameters,
        "relative_l2": mean_error(np.concatenate(predicted), test, trained.shape[0]),
        "milliseconds": median_milliseconds(lambda: surrogate.predict(first, grid, trained), REPEATS),
        "training_seconds": round(seconds),
    }


def measure_solver(test: DataFile, resolution: int, way: CoarseFaces) -> dict[str, Any]:
    """Coarse solutions: their error, and the time of the SuperLU solves that they take."""
    stride = test.stride_to(resolution)
    samples = (test.read_inputs(slice(i, i + 1))[0, ..., 0].astype(np.float64) for i in range(test.samples))
    solved = np.stack([coarse_solve(a, test.grid, stride, way) for a in samples])
    first = test.read_inputs(slice(1))[0, ..., 0].astype(np.float64)
    return {
        "model": "solver",
        "way": way,
        "parameters": 0,
        "relative_l2": mean_error(solved[..., None], test, resolution),
        "milliseconds": median_milliseconds(lambda: solve_by_superlu(first, test.grid, stride, way), REPEATS),
    }


def solve_by_superlu(coefficient: np.ndarray, grid: Grid, stride: int, way: CoarseFaces) -> np.ndarray:
    """The mean of the solutions that a way takes, on the inner nodes."""
    networks = [assemble(c) for c in coarse_conductances(coefficient, grid, stride, way)]
    solutions = [splu(m, permc_spec="MMD_AT_PLUS_A").solve(np.ones_like(m.diagonal())) for m in networks]
    return np.mean(solutions, axis=0)


def coarse_conductances(
    coefficient: np.ndarray, grid: Grid, stride: int, way: CoarseFaces
) -> Iterator[Conductances]:
    spacing, strided = check_spacing(grid), check_spacing(grid.strided(stride))
    with jax.enable_x64(True):
        if way == "upscaled":
            yield upscale(jnp.asarray(coefficient), stride, spacing)
        else:
            for faces in ("arithmetic", "harmonic"):
                yield conductances(jnp.asarray(coefficient[::stride, ::stride]), strided, faces=faces)


def mean_error(predicted: np.ndarray, test: DataFile, resolution: int) -> float:
    true = test.read_solution(stride=test.stride_to(resolution))
    return float(relative_l2(jnp.asarray(predicted, jnp.float32), jnp.asarray(true)).mean())


if __name__ == "__main__":
    main()
