"""Checks of the solvers' arguments and results, for any equation."""

import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.solvers.conjugate_gradients import Solve
from pde.system.errors import InputError


def check_spacing(grid: Grid) -> tuple[float, float]:
    """Return the spacing along each axis of a grid of two axes on which the solvers work.

    Raises:
        InputError: a grid that has not two axes, does not hold its borders or is not equally spaced.
    """
    along_x, along_y = check_spacings(grid, 2)
    return along_x, along_y


def check_spacings(grid: Grid, axes: int) -> tuple[float, ...]:
    """Return the spacing along each axis of a grid of so many axes on which the solvers work.

    Raises:
        InputError: a grid that has not so many axes, does not hold its borders or is not equally spaced.
    """
    check_axes(grid, axes)
    if grid.periodic:
        raise InputError("the solver takes no periodic axes; leave them out of periodic, or this solver out")
    if not (grid.on_nodes and grid.equally_spaced):
        raise InputError("the solver needs equally spaced nodes, borders included")
    return tuple(float(np.diff(axis).mean()) for axis in grid.axes)


def check_axes(grid: Grid, axes: int) -> None:
    """Raise InputError where a grid has not so many axes."""
    if len(grid.axes) != axes:
        said = {1: "one axis", 2: "two axes", 3: "three axes"}[axes]
        raise InputError(f"the solver takes grids of {said}; this one has {len(grid.axes)}")


def check_solvable(coefficient: Float[np.ndarray, "*grid"], grid: Grid) -> tuple[float, ...]:
    """Return the spacing along each axis of a grid on which the solver takes this coefficient.

    Raises:
        InputError: a grid that has not the axes of the coefficient, does not hold its borders or is not equally
            spaced, or a coefficient that is not positive.
    """
    spacing = check_spacings(grid, coefficient.ndim)
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
