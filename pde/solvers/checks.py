"""Checks of the solvers' arguments and results, for any equation."""

import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.solvers.conjugate_gradients import Solve
from pde.system.errors import InputError


def check_spacing(grid: Grid) -> tuple[float, float]:
    """Return the spacing along each axis of a grid on which the solvers work.

    Raises:
        InputError: a grid that has not two axes, does not hold its borders or is not equally spaced.
    """
    check_two_axes(grid)
    if not (grid.on_nodes and grid.equally_spaced):
        raise InputError("the solver needs equally spaced nodes, borders included")
    return float(np.diff(grid.x).mean()), float(np.diff(grid.y).mean())


def check_two_axes(grid: Grid) -> None:
    """Raise InputError where a grid has not two axes."""
    if len(grid.axes) != 2:
        raise InputError(f"the solver takes grids of two axes; this one has {len(grid.axes)}")


def check_solvable(coefficient: Float[np.ndarray, "height width"], grid: Grid) -> tuple[float, float]:
    """Return the spacing along each axis of a grid on which the solver takes this coefficient.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
    """
    spacing = check_spacing(grid)
    if not (coefficient > 0).all():
        raise InputError("coefficient must be positive everywhere")
    return spacing


def converged(solved: Solve, name: str) -> np.ndarray:
    """Return the solution of a solve as an array.

    Raises:
        ArithmeticError: the solver did not converge.
    """
    if not solved.converged:
        raise ArithmeticError(
            f"{name} did not converge: relative residual {float(solved.residual):.1e} "
            f"after {int(solved.iterations)} iterations; lower the contrast"
        )
    return np.asarray(solved.solution)
