"""-(a u')' = f on an interval with u = 0 at both ends, solved exactly as a sum: the flux grows by the source.

On an edge between two nodes the flux q = -a u' is constant in the scheme, and from one edge to the next it grows
by h f at the node between:

    q_e = q_0 + h (f_1 + ... + f_e),        u_{e+1} = u_e - (h / a_e) q_e,

with q_0 such that u vanishes at the other end. Where a is constant on every edge and f everywhere, these values
are those of the exact solution; the scheme is that of `pde.solvers.conductances` along one axis.
"""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.solvers.conductances import MEANS, Faces


def solve_line(
    edges: Float[Array, " edge"], source: Float[Array, " edge+1"], spacing: float
) -> Float[Array, " edge+1"]:
    """Return u at the nodes, ends included, in the precision of the arguments.

    Args:
        edges: a > 0 on the edges between neighbouring nodes.
        source: f at the nodes; its values at the ends are not used.
        spacing: distance h of neighbouring nodes.
    """
    resistances = spacing / edges
    grown = jnp.concatenate([jnp.zeros_like(source[:1]), jnp.cumsum(spacing * source[1:-1])])
    first = -jnp.sum(resistances * grown) / jnp.sum(resistances)
    drops = jnp.cumsum(resistances * (first + grown))
    ends = jnp.zeros_like(source[:1])
    return jnp.concatenate([ends, -drops[:-1], ends])


def edges_of(coefficient: Float[Array, " node"], faces: Faces) -> Float[Array, " node-1"]:
    """Return a on the edges: the mean of its values at both nodes."""
    return MEANS[faces](coefficient[:-1], coefficient[1:])


def edges_in_series(coefficient: Float[Array, " node"], stride: int) -> Float[Array, " coarse_edge"]:
    """Return a on the edges between every `stride`-th node: the harmonic mean over the fine edges along each."""
    fine = edges_of(coefficient, "harmonic")
    return 1 / jnp.mean(1 / fine.reshape(-1, stride), axis=1)
