"""Coordinates of a grid, and moving a field from one grid to another.

A grid is the product of increasing coordinate vectors, one for each axis between batch and channel: in two
dimensions `coordinates = (x, y)`, where x runs along axis 1 of a field (height) and y along axis 2 (width).
Nothing here assumes equal spacing, a square, or points on the border.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from manojax.layers.halo import Space

Coordinates = tuple[ArrayLike, ...]
Periods = Sequence[float | None]
"""The period of each axis; None for one that is not periodic."""
AnyArray = TypeVar("AnyArray", np.ndarray, Array)


def unit_nodes(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Nodes of the unit square (or interval, or cube), borders included: one float32 vector an axis."""
    return tuple(np.linspace(0, 1, n, dtype=np.float32) for n in shape)


def append_coordinates(
    fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
) -> Float[Array, "batch *grid channels"]:
    """Give every point its coordinates as further channels; None stands for the nodes of the unit square.

    Raises:
        ValueError: the coordinates do not have the lengths of the axes.
    """
    shape = (*fields.shape[:-1], 1)
    channels = [fields]
    for axis, vector in enumerate(coordinates_or_nodes(fields.shape[1:-1], coordinates), start=1):
        others = [i for i in range(fields.ndim) if i != axis]
        channels.append(jnp.broadcast_to(jnp.expand_dims(vector.astype(fields.dtype), others), shape))
    return jnp.concatenate(channels, axis=-1)


def coordinates_or_nodes(shape: tuple[int, ...], coordinates: Coordinates | None) -> tuple[Array, ...]:
    """The coordinates as arrays, checked against the axes of a grid; None stands for unit nodes."""
    axes = tuple(jnp.asarray(axis) for axis in (coordinates or unit_nodes(shape)))
    if [axis.shape for axis in axes] != [(n,) for n in shape]:
        found = " and ".join(str(axis.shape) for axis in axes)
        raise ValueError(f"coordinates of shapes {found} do not fit a {' x '.join(map(str, shape))} grid")
    return axes


def mean_spacing(
    shape: tuple[int, ...], coordinates: Coordinates | None, space: Space | None = None
) -> Float[Array, " dimensions"]:
    """Mean distance of neighbouring points along each axis; with a `space`, that of the whole grid."""
    axes = coordinates_or_nodes(shape, coordinates)
    first, last = (jnp.stack([axis[end].astype(jnp.float32) for axis in axes]) for end in (0, -1))
    if space is not None:
        shape = space.whole(shape)
        first, last = jax.lax.pmin(first, space.name), jax.lax.pmax(last, space.name)
    return (last - first) / np.maximum(1, np.array(shape, np.float32) - 1)


def interpolate(
    fields: Float[AnyArray, "batch *grid channel"],
    source: Coordinates,
    target: Coordinates,
    periods: Periods | None = None,
) -> Float[AnyArray, "batch *new_grid channel"]:
    """Tensor-product cubic spline (not-a-knot) through `fields` on `source`, evaluated on `target`.

    Along an axis with a period, whose points must be equally spaced, it is the trigonometric polynomial. An axis
    of fewer than four points gets the spline of the highest degree that it allows. Points outside the source grid
    are extrapolated by the outermost polynomial. The result has the fields' dtype. For NumPy arrays it is computed
    in float64, for JAX arrays by a function that can be traced.
    """
    every = zip(source, target, periods or (None,) * len(source), strict=True)
    matrices = [
        _spline_matrix(np.asarray(a), np.asarray(b))
        if period is None
        else trigonometric_matrix(np.asarray(a, np.float64), np.asarray(b, np.float64), period)
        for a, b, period in every
    ]
    if isinstance(fields, Array):
        return along_each_axis([jnp.asarray(matrix, fields.dtype) for matrix in matrices], fields)
    return along_each_axis(matrices, np.asarray(fields, np.float64)).astype(fields.dtype)


def along_each_axis(
    matrices: Sequence[Float[AnyArray, "_ _"]], fields: Float[AnyArray, "batch *grid channel"]
) -> Float[AnyArray, "batch *new_grid channel"]:
    """Multiply fields along each axis by the matrix (new points, points) of that axis."""
    points, new = "xyz"[: len(matrices)], "ijk"[: len(matrices)]
    pairs = ",".join(row + column for row, column in zip(new, points, strict=True))
    rule = f"b{points}c,{pairs}->b{new}c"
    if isinstance(fields, Array):
        return jnp.einsum(rule, fields, *matrices, precision="highest")
    return np.einsum(rule, fields, *matrices, optimize=True)


def _spline_matrix(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Interpolation is linear in the values, so along one axis it is a matrix (target, source)."""
    from scipy.interpolate import make_interp_spline  # would be a fifth of manojax's import time

    degree = min(3, len(source) - 1)
    return make_interp_spline(np.asarray(source, np.float64), np.eye(len(source)), degree)(target)


def trigonometric_matrix(
    source: Float[AnyArray, " point"], target: Float[AnyArray, " new_point"], period: float
) -> Float[AnyArray, "new_point point"]:
    """Return the matrix that evaluates, at `target`, the trigonometric polynomial through values at `source`.

    The points of the source are equally spaced and go once around. With an even number of them, the highest wave
    is the cosine that is largest at each.
    """
    n = len(source)
    array: Any = jnp if isinstance(target, Array) else np
    angles = np.pi / period * (target[:, None] - source[None, :])
    sine = array.sin(angles)
    here = abs(sine) < 1e-6 if isinstance(target, Array) else abs(sine) < 1e-12
    safe = array.where(here, array.ones_like(sine), sine)
    ratio = array.sin(n * angles) / (n * safe)
    # The limit at a point of the source itself is 1, whichever turn around the ring it is met on.
    return array.where(here, array.ones_like(sine), ratio * array.cos(angles) if n % 2 == 0 else ratio)


def nearest(source: Coordinates, target: Coordinates) -> tuple[tuple[Int[np.ndarray, " _"], ...], bool]:
    """Find for every target point the index of the nearest source point along each axis; tell if all coincide.

    Points coincide where they differ by less than a thousandth of the source spacing.
    """
    found = [_nearest_along_axis(np.asarray(a), np.asarray(b)) for a, b in zip(source, target, strict=True)]
    places, nested = zip(*found, strict=True)
    return places, all(nested)


def _nearest_along_axis(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, bool]:
    distance = np.abs(target[:, None] - source[None, :])
    spacing = np.min(np.diff(source)) if len(source) > 1 else 1.0
    return distance.argmin(axis=1), bool(distance.min(axis=1).max() < 1e-3 * spacing)
