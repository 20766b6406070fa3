"""The solver on a `Grid`: arrays of NumPy in and out, with its periodic axes."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.solvers.checks import check_solvable, converged
from pde.solvers.elliptic import solve

Field = Float[np.ndarray, "*grid"]


def solve_on(grid: Grid, coefficient: Field, source: Field, reaction: Field | float | None = None) -> Field:
    """The finite-difference solution of -div(a grad u) + c u = f, u = 0 on the border, in float64.

    Args:
        grid: two or three axes of equally spaced points, which hold the border of each axis that is not periodic.
        coefficient: a > 0 at its points.
        source: f.
        reaction: c >= 0, a field or the same everywhere; by default zero.

    Raises:
        InputError: another grid, a coefficient that is not positive, or what `pde.solvers.elliptic.solve` refuses.
        ArithmeticError: the solver did not converge.
    """
    spacing = check_solvable(coefficient, grid, grid.periodic)
    with jax.enable_x64(True):
        a, f = (jnp.asarray(field, jnp.float64) for field in (coefficient, source))
        c = None if reaction is None else jnp.broadcast_to(jnp.asarray(reaction, jnp.float64), a.shape)
        return converged(_solve(a, f, reaction=c, spacing=spacing, rings=grid.rings), "the solve")


_solve = jax.jit(solve, static_argnames=("spacing", "rings"))
