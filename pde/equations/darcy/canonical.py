"""The procedure behind the 421 x 421 data sets that Li et al. published (arXiv 2010.08895; solve_gwf.m).

The coefficient on s x s cell centres is interpolated by a not-a-knot cubic spline to s x s nodes, where the
five-point scheme with arithmetic faces is solved; the same spline takes the solution back to the cell centres. At
jumps of the coefficient the spline overshoots, to negative values too. The matrix then need not be definite, so it
is factored by SuperLU with partial pivoting. SuperLU releases the interpreter lock, and threads solve samples side
by side.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from pde.solvers.conductances import Conductances, conductances
from pde.solvers.conjugate_gradients import Solve

Axis = Float[np.ndarray, " size"]


def cell_centres(size: int) -> Axis:
    """(i + 1/2) / size on the unit interval."""
    return (np.arange(size) + 0.5) / size


def solve_canonical(coefficient: Float[Array, "size size"], *, tolerance: float = 1e-10) -> Solve:
    """The solution of -div(a grad u) = 1, u = 0 on the border, on the cell centres of the unit square.

    The residual is that of the direct solve on the nodes; the solve has converged if it is at most `tolerance`.
    All is float64 (call it with x64 enabled).
    """
    size = len(coefficient)
    centres, nodes, spacing = cell_centres(size), np.linspace(0, 1, size), 1 / (size - 1)
    on_nodes = spline(np.asarray(coefficient), centres, nodes)
    matrix = assemble(conductances(jnp.asarray(on_nodes), (spacing, spacing)))
    right = np.ones((size - 2) ** 2)
    try:
        # An ordering for matrices of symmetric pattern, with half the fill of the default one.
        u = splu(matrix, permc_spec="MMD_AT_PLUS_A").solve(right)
    except RuntimeError:  # exactly singular: there is no solution
        u = np.zeros_like(right)
    residual = np.linalg.norm(right - matrix @ u) / np.linalg.norm(right)
    solution = spline(np.pad(u.reshape(size - 2, size - 2), 1), nodes, centres)
    converged = residual <= tolerance
    return Solve(*map(jnp.asarray, (np.where(converged, solution, np.nan), residual, np.int32(1), converged)))


def spline(field: Float[np.ndarray, "size size"], source: Axis, target: Axis) -> Float[np.ndarray, "size size"]:
    """The not-a-knot cubic spline along each axis, continued by its outermost pieces beyond the source points."""
    return CubicSpline(source, CubicSpline(source, field, axis=0)(target), axis=1)(target)


def assemble(c: Conductances) -> csc_array:
    """The matrix of sum_j c_ij (u_i - u_j), u = 0 on the border, for the inner nodes row by row."""
    x, y = map(np.asarray, c.along)
    diagonal = x[1:] + x[:-1] + y[:, 1:] + y[:, :-1]
    below = -x[1:-1].ravel()
    right = -np.pad(y[:, 1:-1], ((0, 0), (0, 1))).ravel()[:-1]  # zero from the end of a row to the next row
    width = diagonal.shape[1]
    diagonals, offsets = [diagonal.ravel(), below, below, right, right], [0, width, -width, 1, -1]
    return diags_array(diagonals, offsets=offsets).tocsc()  # pyright: ignore[reportArgumentType]
