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


def check_spacings(grid: Grid, axes: int, periodic: tuple[str, ...] = ()) -> tuple[float, ...]:
    """Return the spacing along each axis of a grid of so many axes on which the solvers work.

    Args:
        grid: the grid.
        axes: number of axes that it must have.
        periodic: names of the axes that must be periodic, and no others.

    Raises:
        InputError: a grid that has other axes, does not hold its borders or is not equally spaced.
    """
    check_axes(grid, axes)
    if grid.periodic != periodic:
        if not periodic:
            raise InputError("the equation has no periodic axes; leave them out of periodic, or coarse solves out")
        raise InputError(f"the equation is periodic along {', '.join(periodic)}; say so of the grid")
    if not (grid.on_nodes and grid.equally_spaced):
        raise InputError("the solver needs equally spaced nodes, borders included")
    return tuple(float(np.diff(axis).mean()) for axis in grid.axes)


def check_axes(grid: Grid, axes: int) -> None:
    """Raise InputError where a grid has not so many axes."""
    if len(grid.axes) != axes:
        said = {1: "one axis", 2: "two axes", 3: "three axes"}[axes]
        raise InputError(f"the solver takes grids of {said}; this one has {len(grid.axes)}")


def check_solvable(
    coefficient: Float[np.ndarray, "*grid"], grid: Grid, periodic: tuple[str, ...] = ()
) -> tuple[float, ...]:
    """Return the spacing along each axis of a grid on which the solver takes this coefficient.

    Args:
        coefficient: a.
        grid: the grid.
        periodic: names of the axes that must be periodic, and no others.

    Raises:
        InputError: a grid that has other axes, does not hold its borders or is not equally spaced, or a
            coefficient that is not positive.
    """
    spacing = check_spacings(grid, coefficient.ndim, periodic)
    if not (coefficient > 0).all():
        raise InputError("coefficient must be positive everywhere")
    return spacing


def check_each_solvable(coefficient: Float[np.ndarray, " sample *grid"], grid: Grid) -> None:
    """Raise InputError unless the solver takes these coefficients on the grid, none of whose axes is periodic."""
    for a in coefficient:
        check_solvable(a, grid)


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
