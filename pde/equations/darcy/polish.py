"""Predictions turned into solutions by conjugate gradients that start from them, with the final residual.

The residual is that of -div(a grad u) = 1, u = 0 on the border, on the grid of the prediction: five points on
nodes, arithmetic faces, the scheme of `pde.equations.darcy.problem`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from pde.equations.registry import check_darcy
from pde.grids.grid import Grid, ends_named
from pde.grids.outputs import Output
from pde.solvers.checks import check_solvable, converged
from pde.solvers.elliptic import solve
from pde.system.errors import InputError, check_positive


class Polished(NamedTuple):
    """A solution in float64, its relative residual, and the iterations that it took."""

    solution: Float[np.ndarray, "*grid"]
    residual: float
    iterations: int


def check_polish(tolerance: float, inputs: Sequence[str], outputs: Sequence[Output], grid: Grid) -> None:
    """Raise InputError for an invalid tolerance, or for a problem that the solver does not solve."""
    check_positive("polish", tolerance, most=1.0)
    check_darcy("--polish", inputs, outputs)
    if grid.domain is None:
        ends = ends_named(len(grid.axes))
        raise InputError(f"--polish needs to know where the border lies; add --domain {ends}")


def polish(
    coefficient: Float[np.ndarray, "*grid"],
    predicted: Float[np.ndarray, "*grid"],
    grid: Grid,
    tolerance: float,
) -> Polished:
    """Solve to a relative residual of `tolerance`, starting from a prediction.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
        ArithmeticError: the solver did not converge.
    """
    spacing = check_solvable(coefficient, grid)
    with jax.enable_x64(True):
        a, guess = (jnp.asarray(field, jnp.float64) for field in (coefficient, predicted))
        solved = _solve(a, jnp.ones_like(a), spacing=spacing, guess=guess, tolerance=tolerance)
        solution = converged(solved, "a polished prediction")
    return Polished(solution, float(solved.residual), int(solved.iterations))


_solve = jax.jit(solve, static_argnames=("spacing", "tolerance"))
