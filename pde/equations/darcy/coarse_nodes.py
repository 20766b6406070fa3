"""The equation solved on a strided grid: what a surrogate on that grid must beat.

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

from pde.equations.darcy.problem import Darcy, check_solvable, converged
from pde.grids.grid import Grid
from pde.solvers.conductances import Conductances, Faces, conductances, surrounded
from pde.solvers.conjugate_gradients import Solve, solve_system
from pde.system.errors import InputError

CoarseFaces = Literal["arithmetic", "harmonic", "mean", "upscaled"]


def coarse_solve(
    coefficient: Float[np.ndarray, "height width"], grid: Grid, stride: int, faces: CoarseFaces
) -> Float[np.ndarray, "coarse_height coarse_width"]:
    """The solution of -div(a grad u) = 1, u = 0 on the border, on `grid.strided(stride)`, float64.

    Args:
        coefficient: a on the fine grid.
        grid: the fine grid, of equally spaced nodes.
        stride: of both axes; it must divide their numbers of intervals.
        faces: from the strided coefficient by the arithmetic or the harmonic mean of neighbours, or the mean of
            these two solutions; or from the fine coefficient by `upscale`.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, a coefficient that is not
            positive, or a stride that leaves out a border or all inner nodes.
        ArithmeticError: the solver did not converge.
    """
    spacing = check_solvable(coefficient, grid)
    _check_stride(grid.shape, stride)
    if faces == "mean":
        arithmetic, harmonic = (
            coarse_solve(coefficient, grid, stride, mean) for mean in ("arithmetic", "harmonic")
        )
        return (arithmetic + harmonic) / 2
    with jax.enable_x64(True):
        a = np.asarray(coefficient, np.float64)
        coarse = upscale(a, stride, spacing) if faces == "upscaled" else _strided(a, stride, spacing, faces)
        return converged(solve_network(coarse), "the coarse solve")


@jax.jit  # of conductances, so that all faces share one program for a shape
def solve_network(c: Conductances) -> Solve:
    """The solution with source 1 and zero border, which it holds, of a scheme in float64 (with x64 enabled)."""
    right = jnp.ones((c.y.shape[0], c.x.shape[1]))
    solved = solve_system(c, right, tolerance=Darcy.tolerance, max_iterations=200, precision="double")
    return solved._replace(solution=surrounded(solved.solution))


@functools.partial(jax.jit, static_argnames=("stride", "spacing", "faces"))
def _strided(a: Array, stride: int, spacing: tuple[float, float], faces: Faces) -> Conductances:
    """Conductances of the coarse nodes' own coefficients; compiled, for one by one its steps outlast the solve."""
    return conductances(a[::stride, ::stride], (stride * spacing[0], stride * spacing[1]), faces=faces)


@functools.partial(jax.jit, static_argnames=("stride", "spacing", "faces"))
def upscale(
    coefficient: Float[Array, "height width"],
    stride: int,
    spacing: tuple[float, float],
    *,
    faces: Faces = "arithmetic",
) -> Conductances:
    """Conductances between every `stride`-th node of a fine grid, border included.

    Each is the harmonic mean of the fine ones along the coarse edge, then the arithmetic mean across its dual
    cell, half a coarse spacing to either side: exact for a layered coefficient where u is linear along the layers
    or the flux constant across them. A stride of 1 gives the fine conductances.

    Args:
        coefficient: a on the fine nodes.
        stride: of both axes.
        spacing: distance of neighbouring fine nodes along each axis.
        faces: the mean that a fine face takes.

    Raises:
        InputError: a stride that leaves out a border or all inner nodes.
    """
    _check_stride(coefficient.shape, stride)
    fine = conductances(coefficient, spacing, faces=faces)
    return Conductances(_upscale_down(fine.x, stride), _upscale_down(fine.y.T, stride).T)


def _upscale_down(fine: Float[Array, "edges inner"], stride: int) -> Float[Array, "coarse_edges coarse_inner"]:
    """Fine conductances of edges down the rows, at each inner column."""
    in_series = fine.reshape(-1, stride, fine.shape[1])
    along = 1 / (stride * jnp.sum(1 / in_series, axis=1))  # the harmonic mean, over the squared coarse spacing
    inner = (fine.shape[1] + 1) // stride - 1

    def windows(before: int) -> Array:
        """Means over `stride` columns, the first of them `before` columns from the coarse node."""
        first = stride - before - 1  # inner columns are numbered from 1
        return jnp.mean(along[:, first : first + inner * stride].reshape(-1, inner, stride), axis=2)

    # The dual cell is one such window where the stride is odd; where it is even, its end columns count half.
    return (windows(stride // 2) + windows((stride - 1) // 2)) / 2


def _check_stride(shape: tuple[int, ...], stride: int) -> None:
    if stride < 1 or any((n - 1) % stride or (n - 1) // stride < 2 for n in shape):
        raise InputError(
            f"stride {stride} of {shape[0]} x {shape[1]} nodes must keep both borders and a node between; "
            "choose a divisor of the numbers of intervals, less than them"
        )
