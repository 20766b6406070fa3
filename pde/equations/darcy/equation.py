"""Darcy flow for `pde.equations.registry`: how a data file's problems are solved again, and which can be."""

from functools import partial

import numpy as np
from jaxtyping import Float

from pde.equations.darcy.coarse_cells import check_inside, solve_cells
from pde.equations.darcy.coarse_nodes import CoarseFaces, coarse_solve
from pde.equations.darcy.problem import Darcy
from pde.equations.equation import Equation, Field, Solution
from pde.grids.grid import Grid
from pde.solvers.checks import check_axes, check_spacing
from pde.solvers.residual import relative_residual
from pde.system.errors import InputError


def _check(coefficient: Float[np.ndarray, "sample height width"], grid: Grid) -> None:
    """Raise InputError unless Darcy flow can be solved, on nodes or on cell centres and their strides."""
    if not (coefficient > 0).all():
        raise InputError(
            "the coefficient is not positive everywhere, so it only marks the phases of an unknown one"
        )
    check_axes(grid, 2)
    (check_spacing if grid.on_nodes else check_inside)(grid)


def _solve(coefficient: Field, grid: Grid, stride: int, faces: CoarseFaces) -> Solution:
    """Solve by `coarse_solve` on nodes, by `solve_cells` on points inside the border."""
    if grid.on_nodes:
        return coarse_solve(coefficient, grid, stride, faces)
    if faces == "mean":
        return (
            _solve(coefficient, grid, stride, "arithmetic") + _solve(coefficient, grid, stride, "harmonic")
        ) / 2
    return solve_cells(coefficient, grid, stride, "arithmetic" if faces == "upscaled" else faces)


DARCY = Equation(
    problem=Darcy,
    formula="-div(a grad u) = f",
    assumed="f = 1 is assumed",
    check=_check,
    strided={
        "arithmetic": partial(_solve, stride=1, faces="arithmetic"),
        "harmonic": partial(_solve, stride=1, faces="harmonic"),
        "mean": partial(_solve, stride=1, faces="mean"),
    },
    fine={"upscaled": partial(_solve, faces="upscaled")},
    residual=relative_residual,
    scaling={"coefficient": -1.0},
)
"""Darcy flow. Its schemes are named by their faces: those of the strided coefficient, the mean of both solutions,
or faces upscaled from the fine coefficient."""
