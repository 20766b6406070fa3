"""The accuracy of coarse solves, with and without upscaling.

    python -m benchmarks.accuracy.coarse_solve [--samples 20] [--seed 0] [--canonical | --data FILE]
        [--json FILE]

Two-phase Darcy flow, 3/12, is solved on 421 x 421 nodes and again on strides of that grid: from the strided
coefficient with arithmetic faces, harmonic faces or the mean of both solutions, and with faces upscaled from the
fine coefficient. Errors are relative L2 against the strided fine solution, means over the samples with 95 %
bootstrap intervals; times are of one sample, medians of 5. With --data, coefficients and fine solutions are the
first samples of a file, such as the published `piececonst_r421_N1024_smooth2.mat`, and --seed is not used.

Found (`results/coarse_solve.json`; standard errors of the means are 3 to 8 % of them): upscaled faces are two to
four times as accurate as the best that the strided coefficient gives.

|   n | arithmetic | harmonic |   mean | upscaled |
|  31 |     0.0211 |   0.0135 | 0.0122 |   0.0042 |
|  43 |     0.0147 |   0.0101 | 0.0078 |   0.0029 |
|  61 |     0.0102 |   0.0074 | 0.0046 |   0.0020 |
|  85 |     0.0069 |   0.0058 | 0.0031 |   0.0013 |
| 141 |     0.0037 |   0.0041 | 0.0015 |   0.0005 |
| 211 |     0.0018 |   0.0035 | 0.0012 |   0.0003 |

Times were measured on 2 cores busy with other work: 1 to 2 ms at 31, 9 to 13 ms at 211, upper bounds.

With --canonical --samples 200, on 421 x 421 cell centres against the published procedure, the errors are about the
same, though the schemes differ (`results/coarse_solve_canonical.json`):

|  31 |     0.0199 |   0.0144 | 0.0115 |   0.0043 |
|  43 |     0.0139 |   0.0107 | 0.0075 |   0.0030 |
|  61 |     0.0099 |   0.0073 | 0.0048 |   0.0020 |
|  85 |     0.0065 |   0.0058 | 0.0030 |   0.0013 |
| 141 |     0.0033 |   0.0043 | 0.0016 |   0.0006 |
| 211 |     0.0017 |   0.0034 | 0.0012 |   0.0003 |
"""

import argparse
from pathlib import Path
from typing import Any, get_args

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from benchmarks.record import command_line, write
from pde.data import datasets
from pde.equations.darcy.coarse_nodes import CoarseFaces
from pde.equations.darcy.equation import DARCY
from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.metrics import relative_l2
from pde.metrics.distribution import bootstrap_interval
from pde.system.timing import median_milliseconds

STRIDES = (14, 10, 7, 5, 3, 2)
Field = Float[np.ndarray, "height width"]
Sample = tuple[Field, Field]
"""Coefficient and fine solution."""


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--canonical", action="store_true", help="by the procedure of the published sets, on cells"
    )
    source.add_argument("--data", type=Path, help="a file with 421 points a side, of any format that we read")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    samples, grid, settings = read(arguments) if arguments.data else made(arguments)
    print(f"{'n':>5}" + "".join(f"{faces:>24}" for faces in get_args(CoarseFaces)))
    results = {}
    for stride in STRIDES:
        n = grid.strided(stride).shape[0]
        results[n] = {faces: measured(samples, grid, stride, faces) for faces in get_args(CoarseFaces)}
        row = (
            f"{r['mean']:.4f} +- {r['standard_error']:.4f} {r['milliseconds']:5.1f}" for r in results[n].values()
        )
        print(f"{n:5}" + "".join(f"{text:>24}" for text in row), flush=True)
    write(arguments.json, {"relative_l2": results, **settings, "samples": len(samples)})


def made(arguments: argparse.Namespace) -> tuple[list[Sample], Grid, dict[str, Any]]:
    """Return samples that are made now, their grid, and what says which they are."""
    law = Darcy(canonical=arguments.canonical)
    found = law.samples(arguments.seed, range(arguments.samples))
    settings = {"law": law.attributes()["law"], law.centring: law.resolution, "seed": arguments.seed}
    return [(sample["coefficient"], sample["solution"]) for sample in found], law.grid, settings


def read(arguments: argparse.Namespace) -> tuple[list[Sample], Grid, dict[str, Any]]:
    """Return the first samples of a file likewise."""
    data = datasets.open(arguments.data).first(arguments.samples)
    coefficients, solutions = data.read_inputs()[..., 0].astype(np.float64), data.read_outputs()[..., 0]
    DARCY.check(coefficients, data.grid)
    return list(zip(coefficients, solutions, strict=True)), data.grid, {"data": arguments.data.name}


def measured(samples: list[Sample], grid: Grid, stride: int, faces: CoarseFaces) -> dict[str, Any]:
    """Return the mean error of a scheme on a stride, how sure it is, and the time of the first sample."""
    solved = np.stack([DARCY.solve(faces, [a], grid, stride)[..., 0] for a, _ in samples])
    true = np.stack([u[::stride, ::stride] for _, u in samples])
    errors = np.asarray(relative_l2(*(jnp.asarray(u[..., None], jnp.float32) for u in (solved, true))))
    return {
        "mean": float(errors.mean()),
        "standard_error": float(errors.std(ddof=1) / len(errors) ** 0.5),
        "interval": bootstrap_interval(errors),
        "milliseconds": median_milliseconds(lambda: DARCY.solve(faces, [samples[0][0]], grid, stride)),
    }


if __name__ == "__main__":
    main()
