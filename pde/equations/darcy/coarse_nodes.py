"""The equation solved on a strided grid: the baseline that a surrogate on that grid must beat.

A coarse scheme sees a fine coefficient either at the coarse nodes alone, or through conductances upscaled from it:
the fine faces along a coarse edge conduct in series, the edges across its dual cell in parallel.
"""

import functools
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.solvers.checks import check_solvable, converged
from pde.solvers.conductances import Conductances, Faces, conductances, surrounded
from pde.solvers.conjugate_gradients import Solve, solve_system
from pde.solvers.upscaling import check_stride, upscale

CoarseFaces = Literal["arithmetic", "harmonic", "mean", "upscaled"]


def coarse_solve(
    coefficient: Float[np.ndarray, "*grid"], grid: Grid, stride: int, faces: CoarseFaces
) -> Float[np.ndarray, "*coarse_grid"]:
    """The solution of -div(a grad u) = 1, u = 0 on the border, on `grid.strided(stride)`, float64.

    Args:
        coefficient: a on the fine grid, of two or three axes.
        grid: the fine grid, of equally spaced nodes.
        stride: stride of all axes; it must divide their numbers of intervals.
        faces: conductances from the strided coefficient by the arithmetic or the harmonic mean of neighbours, or
            the mean of these two solutions; or conductances from the fine coefficient by `upscale`.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, a coefficient that is not
            positive, or a stride that leaves out a border or all inner nodes.
        ArithmeticError: the solver did not converge.
    """
    spacing = check_solvable(coefficient, grid)
    check_stride(grid.shape, stride)
    if faces == "mean":
        arithmetic, harmonic = (
            coarse_solve(coefficient, grid, stride, mean) for mean in ("arithmetic", "harmonic")
        )
        return (arithmetic + harmonic) / 2
    with jax.enable_x64(True):
        a = np.asarray(coefficient, np.float64)
        coarse = upscale(a, stride, spacing) if faces == "upscaled" else _strided(a, stride, spacing, faces)
        return converged(solve_network(coarse), "the coarse solve")


@jax.jit  # takes conductances, so that all faces share one program for a shape
def solve_network(c: Conductances) -> Solve:
    """Solve a scheme with source 1 in float64 (with x64 enabled); the solution holds its zero border."""
    right = jnp.ones(c.shape)
    solved = solve_system(c, right, tolerance=Darcy.tolerance, max_iterations=200, precision="double")
    return solved._replace(solution=surrounded(solved.solution))


@functools.partial(jax.jit, static_argnames=("stride", "spacing", "faces"))
def _strided(a: Array, stride: int, spacing: tuple[float, ...], faces: Faces) -> Conductances:
    """Conductances from the coefficients at the coarse nodes; compiled, as its single steps outlast the solve."""
    strided = a[(slice(None, None, stride),) * a.ndim]
    return conductances(strided, tuple(stride * each for each in spacing), faces=faces)
