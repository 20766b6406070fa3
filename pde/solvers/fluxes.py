"""Fluxes q = -a grad u of a five-point scheme, brought from its faces to the nodes, and their divergence."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.solvers.conductances import Conductances


def node_fluxes(
    c: Conductances,
    u: Float[Array, "height width"],
    spacing: tuple[float, float],
    source: Float[Array, "height width"] | None = None,
) -> Float[Array, "height width 2"]:
    """Return the fluxes along x and y at all nodes, for u = 0 on the border and -div(a grad u) = f.

    The scheme has a flux on each face between two nodes. At an inner node a component is the mean of those of the
    two faces on its axis. At the ends of an axis it is the flux of the last face and of the source in the half
    cell behind it; at the ends of the other axis u is zero, and so is the component. The error is of second order
    in the spacing where a is smooth.

    Args:
        c: conductances of the scheme.
        u: its solution, border included.
        spacing: distance of neighbouring nodes along each axis.
        source: f at the nodes; by default 1.
    """
    f = jnp.ones_like(u) if source is None else source
    faces_x, faces_y = c.along
    along_x = _along_first(faces_x, u[:, 1:-1], spacing[0], f[:, 1:-1])
    along_y = _along_first(faces_y.T, u.T[:, 1:-1], spacing[1], f.T[:, 1:-1])
    return jnp.stack([_with_columns(along_x), _with_columns(along_y).T], axis=-1)


def _along_first(
    faces: Float[Array, "face inner"],
    u: Float[Array, "height inner"],
    spacing: float,
    source: Float[Array, "height inner"],
) -> Float[Array, "height inner"]:
    """Return the component along the first axis at the nodes that are inner ones of the other axis."""
    fluxes = -spacing * faces * (u[1:] - u[:-1])
    first, last = fluxes[:1] - spacing / 2 * source[:1], fluxes[-1:] + spacing / 2 * source[-1:]
    return jnp.concatenate([first, (fluxes[1:] + fluxes[:-1]) / 2, last])


def _with_columns(component: Float[Array, "height inner"]) -> Float[Array, "height width"]:
    zero = jnp.zeros_like(component[:, :1])
    return jnp.concatenate([zero, component, zero], axis=1)


def divergence_error(
    fluxes: Float[np.ndarray, "sample height width 2"], spacing: tuple[float, float], source: float = 1.0
) -> Float[np.ndarray, " sample"]:
    """Return ||div q - f|| / ||f|| of fluxes at nodes, over inner nodes, for a constant f.

    The derivatives are central differences. Where the coefficient jumps, fluxes at nodes are means of unlike
    values, and the truth itself has a large divergence: that is what another field has to be compared with.
    """
    q = fluxes.astype(np.float64)
    along_x = (q[:, 2:, 1:-1, 0] - q[:, :-2, 1:-1, 0]) / (2 * spacing[0])
    along_y = (q[:, 1:-1, 2:, 1] - q[:, 1:-1, :-2, 1]) / (2 * spacing[1])
    return np.sqrt(np.mean((along_x + along_y - source) ** 2, axis=(1, 2))) / abs(source)
