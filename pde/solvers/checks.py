"""Which grids our solvers take, whatever the equation."""

import numpy as np

from pde.grids.grid import Grid
from pde.system.errors import InputError


def check_spacing(grid: Grid) -> tuple[float, float]:
    """The spacing along each axis of a grid on which the solvers work.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced.
    """
    if not (grid.on_nodes and grid.equally_spaced):
        raise InputError("the solver needs equally spaced nodes, borders included")
    return float(np.diff(grid.x).mean()), float(np.diff(grid.y).mean())


def check_zero_border(grid: Grid) -> None:
    """Raise InputError where the solution is not known to be zero on the border."""
    if grid.boundary != "zero":
        raise InputError(
            "the solution is not known to be zero on the border; if it is, "
            "say --boundary zero --domain x0 x1 y0 y1"
        )
