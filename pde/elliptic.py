"""-div(a grad u) = f on a rectangle with u given on the border: discretised by `pde.conductances`, solved by
`pde.conjugate_gradients`.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.conductances import Centring, Faces, conductances, divergence
from pde.conjugate_gradients import Precision, Solve, solve_system


def solve(
    coefficient: Float[Array, "height width"],
    source: Float[Array, "height width"],
    *,
    spacing: tuple[float, float],
    border: Float[Array, "border_height border_width"] | None = None,
    faces: Faces = "arithmetic",
    centring: Centring = "nodes",
    tolerance: float = 1e-10,
    max_iterations: int = 200,
    precision: Precision = "double",
) -> Solve:
    with jax.enable_x64(True):
        coefficient, source = coefficient.astype(jnp.float64), source.astype(jnp.float64)
        c = conductances(coefficient, spacing, faces=faces, centring=centring)
        nodes = centring == "nodes"
        right = source[1:-1, 1:-1] if nodes else source
        if border is not None:
            outside = border.astype(jnp.float64).at[1:-1, 1:-1].set(0.0)
            right = right - divergence(c, outside)
        solved = solve_system(c, right, tolerance=tolerance, max_iterations=max_iterations, precision=precision)
        if nodes:
            u = jnp.pad(solved.solution, 1)
            solved = solved._replace(solution=u if border is None else u + outside)
        return solved
