"""-div(a grad u) + c u = f with u = g on the border as a circuit: conductances of a scheme of nearest neighbours.

The unknowns are the inner nodes of a grid that holds its border, or all cells of one that does not; along a
periodic axis they are all points. The conductance of a face is the mean of the two coefficients beside it over the
squared spacing; between a border cell and the border, half a spacing away, twice the cell's own coefficient takes
the place of the mean. At unknown i the scheme is sum_j c_ij (u_i - u_j) + c_i u_i = f_i over its neighbours, two
along each axis, border included: the reaction c joins every unknown to the ground. The scheme is of second order
in all variants.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Centring

Faces = Literal["arithmetic", "harmonic"]


class Conductances(NamedTuple):
    """Conductances of the faces along each axis, those at the border included, and of unknowns to the ground.

    Face k of an axis lies before unknown k, and one more behind the last unknown. Around a periodic axis it is the
    first, and so there are as many faces as unknowns.
    """

    along: tuple[Float[Array, "..."], ...]
    ground: Float[Array, "..."] | None = None
    """The reaction c >= 0 at the unknowns; None where there is none."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of unknowns along each axis; there are two axes or more."""
        return (self.along[1].shape[0], *self.along[0].shape[1:])

    @property
    def rings(self) -> tuple[bool, ...]:
        """True for each axis that is periodic."""
        return tuple(faces.shape[axis] == self.shape[axis] for axis, faces in enumerate(self.along))


def conductances(
    coefficient: Float[Array, "*points"],
    spacing: Sequence[float],
    *,
    faces: Faces = "arithmetic",
    centring: Centring = "nodes",
    rings: Sequence[bool] | None = None,
) -> Conductances:
    """The conductances of a coefficient on nodes (border included) or cells.

    Args:
        coefficient: a.
        spacing: distance of neighbouring points along each axis.
        faces: mean of the two coefficients beside a face: (a + b) / 2 or 2 a b / (a + b).
        centring: kind of the points, nodes or cells.
        rings: True for each axis that is periodic; by default none is.
    """
    mean = MEANS[faces]
    rings = (False,) * coefficient.ndim if rings is None else tuple(rings)

    def along(axis: int) -> Array:
        inner = () if centring == "cells" else (b for b, ring in enumerate(rings) if b != axis and not ring)
        a = functools.reduce(trimmed, inner, coefficient)
        if rings[axis]:
            return mean(jnp.roll(a, 1, axis), a)
        means = mean(part(a, axis, 0, -1), part(a, axis, 1, None))
        if centring == "nodes":
            return means
        return jnp.concatenate([2 * part(a, axis, 0, 1), means, 2 * part(a, axis, -1, None)], axis=axis)

    return Conductances(tuple(along(axis) / step**2 for axis, step in enumerate(spacing)))


MEANS: dict[Faces, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda a, b: (a + b) / 2,
    "harmonic": lambda a, b: 2 * a * b / (a + b),
}


def apply(c: Conductances, u: Float[Array, "*unknowns"]) -> Float[Array, "*unknowns"]:
    """sum_j c_ij (u_i - u_j) + c_i u_i, with u = 0 on the border."""
    return divergence(c, surrounded(u, c.rings))


def divergence(c: Conductances, u: Float[Array, "*points"]) -> Float[Array, "*unknowns"]:
    """sum_j c_ij (u_i - u_j) + c_i u_i at the unknowns, for a field that holds its border."""
    rings = c.rings
    centre = inside(u, rings)
    terms = []
    for axis, faces in enumerate(c.along):
        lines = inside(u, rings, but=axis)
        if rings[axis]:
            behind, after, before = jnp.roll(faces, -1, axis), jnp.roll(lines, -1, axis), jnp.roll(lines, 1, axis)
            faces = (behind, faces)
        else:
            after, before = part(lines, axis, 2, None), part(lines, axis, 0, -2)
            faces = (part(faces, axis, 1, None), part(faces, axis, 0, -1))
        terms += [faces[0] * (centre - after), faces[1] * (centre - before)]
    if c.ground is not None:
        terms.append(c.ground * centre)
    return functools.reduce(jnp.add, terms)


def inside(u: Float[Array, "*points"], rings: Sequence[bool], but: int | None = None) -> Float[Array, "*unknowns"]:
    """A field on nodes without its border, but for the ends of one axis if it is given."""
    return functools.reduce(trimmed, (b for b, ring in enumerate(rings) if not ring and b != but), u)


def surrounded(u: Float[Array, "*unknowns"], rings: Sequence[bool] | None = None) -> Float[Array, "*points"]:
    """A field with a border of zeros around it, but at the ends of periodic axes.

    The zeros are joined on, not padded: the transpose of a pad is traced when a gradient is taken, and for a
    float64 field it fails if the caller has not enabled x64.
    """
    for axis in range(u.ndim):
        if rings is None or not rings[axis]:
            zeros = jnp.zeros_like(part(u, axis, 0, 1))
            u = jnp.concatenate([zeros, u, zeros], axis=axis)
    return u


def trimmed(field: Float[Array, "*points"], axis: int) -> Float[Array, "*fewer"]:
    """A field without both ends of an axis."""
    return part(field, axis, 1, -1)


def part(field: Float[Array, "*points"], axis: int, start: int, stop: int | None) -> Float[Array, "*part"]:
    """The entries start, ..., stop - 1 of an axis."""
    return field[(slice(None),) * axis + (slice(start, stop),)]
