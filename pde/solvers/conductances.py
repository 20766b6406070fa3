"""-div(a grad u) + c u = f with u = g on the border as a circuit: the conductances of a five-point scheme.

The unknowns are the inner nodes of a grid that holds its border, or all cells of one that does not. The
conductance of a face is the mean of the two coefficients beside it over the squared spacing; between a border cell
and the border, half a spacing away, twice the cell's own coefficient takes the place of the mean. At unknown i the
scheme is sum_j c_ij (u_i - u_j) + c_i u_i = f_i over its four neighbours, border included: the reaction c joins
every unknown to the ground. The scheme is of second order in all variants.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Centring

Faces = Literal["arithmetic", "harmonic"]


class Conductances(NamedTuple):
    """Conductances of the faces along each axis, those at the border included, and of unknowns to the ground."""

    x: Float[Array, "height_1 width"]  # height + 1 faces
    y: Float[Array, "height width_1"]
    ground: Float[Array, "height width"] | None = None
    """The reaction c >= 0 at the unknowns; None where there is none."""


def conductances(
    coefficient: Float[Array, "rows columns"],
    spacing: tuple[float, float],
    *,
    faces: Faces = "arithmetic",
    centring: Centring = "nodes",
) -> Conductances:
    """The conductances of a coefficient on nodes (border included) or cells.

    Args:
        coefficient: a.
        spacing: distance of neighbouring points along each axis.
        faces: mean of the two coefficients beside a face: (a + b) / 2 or 2 a b / (a + b).
        centring: kind of the points, nodes or cells.
    """
    mean = MEANS[faces]
    if centring == "nodes":
        across_x, across_y = coefficient[:, 1:-1], coefficient[1:-1, :]
        along_x, along_y = mean(across_x[:-1], across_x[1:]), mean(across_y[:, :-1], across_y[:, 1:])
    else:
        a = coefficient
        along_x = jnp.concatenate([2 * a[:1], mean(a[:-1], a[1:]), 2 * a[-1:]], axis=0)
        along_y = jnp.concatenate([2 * a[:, :1], mean(a[:, :-1], a[:, 1:]), 2 * a[:, -1:]], axis=1)
    return Conductances(along_x / spacing[0] ** 2, along_y / spacing[1] ** 2)


MEANS: dict[Faces, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda a, b: (a + b) / 2,
    "harmonic": lambda a, b: 2 * a * b / (a + b),
}


def apply(c: Conductances, u: Float[Array, "height width"]) -> Float[Array, "height width"]:
    """sum_j c_ij (u_i - u_j) + c_i u_i, with u = 0 on the border."""
    return divergence(c, surrounded(u))


def divergence(c: Conductances, u: Float[Array, "height width"]) -> Float[Array, "height-2 width-2"]:
    """sum_j c_ij (u_i - u_j) + c_i u_i at the inner points of a field that holds its border."""
    centre = u[1:-1, 1:-1]
    along_x = c.x[1:] * (centre - u[2:, 1:-1]) + c.x[:-1] * (centre - u[:-2, 1:-1])
    outwards = along_x + c.y[:, 1:] * (centre - u[1:-1, 2:]) + c.y[:, :-1] * (centre - u[1:-1, :-2])
    return outwards if c.ground is None else outwards + c.ground * centre


def surrounded(u: Float[Array, "height width"]) -> Float[Array, "height+2 width+2"]:
    """A field with a border of zeros around it.

    The zeros are joined on, not padded: the transpose of a pad is traced when a gradient is taken, and for a
    float64 field it fails if the caller has not enabled x64.
    """
    row = jnp.zeros((1, u.shape[1]), u.dtype)
    column = jnp.zeros((u.shape[0] + 2, 1), u.dtype)
    return jnp.concatenate([column, jnp.concatenate([row, u, row]), column], axis=1)
