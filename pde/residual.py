"""How well a field satisfies the discrete equation: meaningful on the grid of the solve alone.

The solution of a fine grid, strided, is exact at its points; in the coarse scheme its residual is 100 % or so.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.conductances import conductances, divergence
from pde.darcy import check_solvable
from pde.grid import Grid

Fields = Float[np.ndarray, "sample height width"]
Field = Float[np.ndarray, "height width"]


def relative_residual(coefficient: Fields, solution: Fields, grid: Grid) -> Float[np.ndarray, " sample"]:
    """||1 - A u|| / ||1|| over inner nodes, float64; A is -div(a grad .) by five points with arithmetic faces.

    Border values of u are taken as they are. A solution stored as float32 has a residual of its own, the rounding
    times about 8 max(a) / h^2.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
    """
    return np.array([_relative(a, u, check_solvable(a, grid)) for a, u in zip(coefficient, solution, strict=True)])


def _relative(a: Field, u: Field, spacing: tuple[float, float]) -> float:
    with jax.enable_x64(True):
        return float(_residual(jnp.asarray(a, jnp.float64), jnp.asarray(u, jnp.float64), spacing))


@functools.partial(jax.jit, static_argnums=2)
def _residual(a: Array, u: Array, spacing: tuple[float, float]) -> Array:
    return jnp.sqrt(jnp.mean((1 - divergence(conductances(a, spacing), u)) ** 2))
