"""The residual of a field in the discrete equation, meaningful only on the grid of the solve.

A strided fine solution is exact at its points, but in the coarse scheme its residual is about 100 %.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.solvers.checks import check_solvable
from pde.solvers.conductances import conductances, divergence, inside

Fields = Float[np.ndarray, "sample *grid"]
Field = Float[np.ndarray, "*grid"]


def relative_residual(
    coefficient: Fields,
    solution: Fields,
    grid: Grid,
    source: Fields | None = None,
    reaction: float | None = None,
) -> Float[np.ndarray, " sample"]:
    """||f - A u|| / ||f|| over the unknowns, float64; A is -div(a grad .) + c in the scheme of arithmetic faces.

    Border values of u are taken as they are. Storing a solution as float32 gives a residual by itself: with f = 1
    and two axes, the rounding times about 8 max(a) / h^2.

    Args:
        coefficient: a.
        solution: u.
        grid: a grid of equally spaced nodes, of which axes may be periodic.
        source: f; by default 1.
        reaction: c, the same everywhere; by default zero.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
    """
    source = np.ones_like(solution) if source is None else source
    samples = zip(coefficient, solution, source, strict=True)
    return np.array([_relative(a, u, f, grid, reaction) for a, u, f in samples])


def _relative(a: Field, u: Field, f: Field, grid: Grid, reaction: float | None) -> float:
    spacing = check_solvable(a, grid, grid.periodic)
    with jax.enable_x64(True):
        fields = (jnp.asarray(field, jnp.float64) for field in (a, u, f))
        return float(_residual(*fields, reaction, spacing, grid.rings))


@functools.partial(jax.jit, static_argnums=(3, 4, 5))
def _residual(
    a: Array, u: Array, f: Array, reaction: float | None, spacing: tuple[float, ...], rings: tuple[bool, ...]
) -> Array:
    f = inside(f, rings)
    c = conductances(a, spacing, rings=rings)
    if reaction is not None:
        c = c._replace(ground=jnp.full_like(f, reaction))
    return jnp.sqrt(jnp.mean((f - divergence(c, u)) ** 2) / jnp.mean(f**2))
