"""The coarse solve on points inside the border, such as cell centres and their strides.

Strides of cell centres are no centres of coarser cells: the first points are nearer to the border, the last may be
further away. So the border itself is added as nodes. The cell of an unknown reaches halfway to its neighbours,
border included. The conductance of a face is a mean of the two coefficients beside it (towards the border, the
point's own coefficient) times the width of the face over the distance of the two points.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.grids.restriction import cell_weights
from pde.solvers.checks import check_axes, converged
from pde.solvers.conductances import MEANS, Conductances, Faces
from pde.solvers.conjugate_gradients import Solve, solve_system
from pde.system.errors import InputError


def solve_cells(
    coefficient: Float[np.ndarray, "height width"], grid: Grid, stride: int, faces: Faces = "arithmetic"
) -> Float[np.ndarray, "coarse_height coarse_width"]:
    """The solution of -div(a grad u) = 1, u = 0 on the border, on `grid.strided(stride)`, float64.

    A stride above 1 upscales, as `pde.solvers.upscaling.upscale` does on nodes: fine faces along a coarse edge
    conduct in series, the edges across a coarse cell in parallel.

    Args:
        coefficient: a on the grid.
        grid: equally spaced points inside the border.
        stride: stride of both axes.
        faces: mean of the two coefficients beside a face of the grid.

    Raises:
        InputError: the grid is of another kind, or a coefficient is not positive.
        ArithmeticError: the solver did not converge.
    """
    check_inside(grid)
    if not (coefficient > 0).all():
        raise InputError("coefficient must be positive everywhere")
    fine, coarse = _with_border(grid), _with_border(grid.strided(stride))
    widths = [(axis[2:] - axis[:-2]) / 2 for axis in coarse.axes]
    rows, columns = (
        weights[1:-1] * width[:, None] for weights, width in zip(cell_weights(grid, coarse), widths, strict=True)
    )
    a = np.pad(np.asarray(coefficient, np.float64), 1, mode="edge")
    along_x = _in_series(a[:, 1:-1], fine.x, stride, faces) @ columns.T
    along_y = rows @ _in_series(a[1:-1].T, fine.y, stride, faces).T
    with jax.enable_x64(True):
        c = Conductances((jnp.asarray(along_x), jnp.asarray(along_y)))
        return converged(_solve(c, jnp.asarray(np.outer(*widths))), "the coarse solve")


def check_inside(grid: Grid) -> None:
    """Raise InputError unless a grid has two axes of equally spaced points inside the border, at most their
    spacing from it."""
    check_axes(grid, 2)
    for axis, (low, high) in zip(grid.axes, grid.ends, strict=True):
        gaps, spacing = np.array([axis[0] - low, high - axis[-1]]), np.diff(axis).mean()
        if not grid.equally_spaced or gaps.min() < 1e-5 * (high - low) or gaps.max() > (1 + 1e-3) * spacing:
            raise InputError(
                "the solver needs equally spaced nodes, borders included, or equally spaced points inside the "
                "border, at most their spacing away from it"
            )


def _with_border(grid: Grid) -> Grid:
    axes = (np.concatenate([[low], axis, [high]]) for axis, (low, high) in zip(grid.axes, grid.ends, strict=True))
    return replace(grid, axes=tuple(axes))


def _in_series(
    a: Float[np.ndarray, "points lines"], axis: Float[np.ndarray, " points"], stride: int, faces: Faces
) -> Float[np.ndarray, "coarse_edges lines"]:
    """Conductance of lines down the rows, a unit wide, between every `stride`-th inner point and to the border."""
    resistances = np.diff(axis)[:, None] / MEANS[faces](a[:-1], a[1:])
    starts = np.concatenate([[0], np.arange(1, len(axis) - 1, stride)])
    return 1 / np.add.reduceat(resistances, starts, axis=0)


@jax.jit  # takes conductances, so that all faces share one program for a shape
def _solve(c: Conductances, areas: Float[Array, "height width"]) -> Solve:
    return solve_system(c, areas, tolerance=Darcy.tolerance, max_iterations=200, precision="double")
