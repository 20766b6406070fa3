"""How far is the procedure of the published 421 x 421 sets from cleaner discretisations of the same equation?

    python -m benchmarks.accuracy.canonical [--samples 30] [--seed 0] [--json FILE]

Two-phase Darcy flow, 3/12, on 421 x 421 cell centres by `Darcy(canonical=True)`, and again

- by finite volumes on the same cells, with arithmetic and with harmonic faces;
- on nodes without the spline, the coefficient's array taken for values on nodes and solutions compared by index;
- on nodes where the same Gaussian field is evaluated, the solution splined to the cell centres.

Relative L2 distances from the canonical solution, and the range of the coefficient after its spline.

Found (`results/canonical.json`): finite volumes with arithmetic faces are at 0.009 to 0.028 % in 29 of 30
samples and at 0.33 % in one, where u has a spurious peak at the border; with harmonic faces at 0.14 to 0.50 %. The
same array on nodes is at 0.39 to 0.52 %, half a cell of displacement at the border. The effective coefficient is
extreme, -56 to +32, in the outermost two rows alone, where the spline extrapolates; inside it is -0.7 to +16.
"""

import functools
from pathlib import Path
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.record import command_line, write
from pde.equations.darcy.canonical import spline
from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.solvers.conductances import Faces
from pde.solvers.elliptic import solve

CANONICAL, NODES = Darcy(canonical=True), Darcy()


@functools.partial(jax.jit, static_argnames="faces")
def finite_volumes(coefficient: jax.Array, faces: Faces) -> jax.Array:
    h = 1 / CANONICAL.resolution
    return solve(coefficient, jnp.ones_like(coefficient), spacing=(h, h), faces=faces, centring="cells").solution


def distances(seed: int, index: int) -> dict[str, float]:
    sample = CANONICAL.sample(seed, index)
    a, u = sample["coefficient"], sample["solution"]
    centres, nodes = CANONICAL.grid.x, NODES.grid.x
    with jax.enable_x64(True):
        others = {
            f"cells, {faces}": np.asarray(finite_volumes(jnp.asarray(a), faces)) for faces in get_args(Faces)
        }
    others["nodes, same array"] = solve_darcy(a, NODES.grid)
    others["nodes, same field"] = spline(NODES.sample(seed, index)["solution"], nodes, centres)
    effective, border = spline(a, centres, nodes), np.concatenate([u[0], u[-1], u[:, 0], u[:, -1]])
    return {
        **{name: float(np.linalg.norm(other - u) / np.linalg.norm(u)) for name, other in others.items()},
        "lowest effective coefficient": effective.min(),
        "highest effective coefficient": effective.max(),
        "lowest two nodes from the border": effective[2:-2, 2:-2].min(),
        "highest two nodes from the border": effective[2:-2, 2:-2].max(),
        "largest |u| in border cells, of max u": np.abs(border).max() / u.max(),
        "residual": float(sample["residual"]),
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = [distances(arguments.seed, index) for index in range(arguments.samples)]
    print(f"{'':40}" + "".join(f"{word:>12}" for word in ("least", "median", "most")))
    for name in found[0]:
        values = [sample[name] for sample in found]
        print(f"{name:40}" + "".join(f"{value:12.3g}" for value in (min(values), np.median(values), max(values))))
    report = {
        "samples": found,
        "law": CANONICAL.attributes()["law"],
        "cells": CANONICAL.resolution,
        "seed": arguments.seed,
    }
    write(arguments.json, report)


if __name__ == "__main__":
    main()
