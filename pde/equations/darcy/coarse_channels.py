"""Coarse solutions of -div(a grad u) = 1, u = 0 on the border, as input channels of a model that corrects them."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.equations.darcy.coarse_nodes import solve_network
from pde.grids.grid import Grid
from pde.grids.restriction import at_points
from pde.solvers.checks import check_spacings
from pde.solvers.conductances import Conductances, conductances
from pde.solvers.side_by_side import each_sample
from pde.solvers.upscaling import upscale
from pde.system.errors import InputError

Informed = Literal["none", "strided", "upscaled", "learned", "learned-corrected"]

SOLUTIONS: dict[Informed, int] = {"none": 0, "strided": 2, "upscaled": 1, "learned": 0, "learned-corrected": 0}
"""Number of coarse solutions that a model sees."""


def coarse_solutions(
    coefficient: Float[Array, " sample *fine_grid 1"], fine: Grid, grid: Grid, informed: Informed
) -> Float[Array, " sample *grid solutions"]:
    """Solutions on a grid of equally spaced nodes, in float64; a solution that did not converge is NaN inside.

    Args:
        coefficient: a > 0.
        fine: grid of the coefficient.
        grid: grid of the solutions.
        informed: `strided` solves from the coefficient at the grid's points, with arithmetic and with harmonic
            faces; `upscaled` solves from faces upscaled by `pde.solvers.upscaling.upscale`, for which the grid
            must be a stride of `fine`.

    Raises:
        InputError: the grid does not meet these conditions.
    """
    spacing = check_spacings(grid, len(grid.axes))
    stride = stride_between(fine, grid, informed) if informed == "upscaled" else 1

    def solve(a: Float[Array, "*points"]) -> Float[Array, "*grid solutions"]:
        return jnp.stack([solve_network(c).solution for c in networks(a)], axis=-1)

    def networks(a: Float[Array, "*points"]) -> list[Conductances]:
        if informed == "upscaled":
            return [upscale(a, stride, tuple(each / stride for each in spacing))]
        return [conductances(a, spacing, faces="arithmetic"), conductances(a, spacing, faces="harmonic")]

    with jax.enable_x64(True):
        seen = coefficient if informed == "upscaled" else at_points(coefficient, fine, grid)
        return each_sample(solve, seen[..., 0].astype(jnp.float64))


def stride_between(fine: Grid, grid: Grid, informed: Informed) -> int:
    """Return the stride from a fine grid to a coarse one.

    Raises:
        InputError: there is none.
    """
    stride = max(1, (fine.shape[0] - 1) // (grid.shape[0] - 1))
    if not fine.strided(stride).matches(grid):
        raise InputError(
            f"--informed {informed}: the {grid} grid is no stride of the file's "
            f"{fine} grid; give a file that holds its points, or train with strided"
        )
    return stride
