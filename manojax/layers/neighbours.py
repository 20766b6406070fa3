"""Attention inside small windows as attention of each point to its neighbours: no window is copied out of the map.

Arrays are (heads, head_dim, batch, *grid), so that arithmetic runs along the grid, which is long, and not along
head_dim, which is short: on a CPU that is ten times as fast.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from manojax.xla_cpu import (
    copies_along_axis_1,
    first_two_axes_last,
    kept_apart,
    last_two_axes_first,
    stored,
    sum_over_axis_1,
)

Planes = Float[Array, "heads head_dim batch *grid"]
Plane = Float[Array, "heads batch *grid"]
Offset = tuple[int, ...]
Places = list[Array]
"""Positions of the points of a map or a piece along each of the whole axes."""


class Axis(NamedTuple):
    """The windows along one axis of a map."""

    length: int
    """Points on the whole axis; places outside 0 .. length - 1 are not on the map."""
    window: int
    stride: int
    shift: int


FAR_BELOW = -1e30
"""The logit of a key that is not on the map."""


@functools.partial(jax.jit, static_argnames="axes")  # so that levels and layers of one shape are traced once
def neighbour_attention(
    query: Planes,
    key: Planes,
    value: Planes,
    *,
    axes: tuple[Axis, ...],
    bias: Float[Array, "*offsets heads"] | None = None,
    rows: Int[Array, " height"] | None = None,
) -> Planes:
    """Softmax attention inside windows, the mean where they overlap.

    For a piece of a map, `rows` gives the places of its points on the whole first axis.

    The mean over the windows w that hold point i is itself a weighted sum over the neighbours j of i,

        out_i = sum_j value_j  mean_{w holds i} [j in w] exp(query_i . key_j) / sum_{k in w} exp(query_i . key_k),

    so each logit is computed once instead of once a window. The first window of an axis starts `shift` points
    before the map, the others every `stride` points after it until the axis is covered; in windows that reach over
    the border only the points on the map count.
    """
    windows = tuple(axis.window for axis in axes)
    places = _places(axes, rows)
    offsets = list(itertools.product(*(range(1 - k, k) for k in windows)))
    keys, values = _shifted(key, offsets, windows), _shifted(value, offsets, windows)
    logits = kept_apart([sum_over_axis_1(query * moved) for moved in keys])
    if bias is not None:
        biases = bias.reshape(len(offsets), -1)
        logits = [
            logit + jnp.expand_dims(own, range(1, logit.ndim)) for logit, own in zip(logits, biases, strict=True)
        ]
    if any(axis.stride > 1 for axis in axes):  # otherwise no window reaches over the border
        on_map = [_on_map(axes, places, offset)[None, None] for offset in offsets]
        logits = [jnp.where(real, logit, FAR_BELOW) for real, logit in zip(on_map, logits, strict=True)]
    weights = _mean_weights(dict(zip(offsets, logits, strict=True)), axes, places)
    terms = (copies_along_axis_1(w, value.shape[1]) * moved for w, moved in zip(weights, values, strict=True))
    return functools.reduce(jnp.add, terms)


def to_planes(x: Float[Array, "batch *grid heads head_dim"]) -> Planes:
    """Move heads and their channels first."""
    return last_two_axes_first(x)


def from_planes(x: Planes) -> Float[Array, "batch *grid heads head_dim"]:
    """The inverse of `to_planes`."""
    return first_two_axes_last(x)


def _mean_weights(logits: dict[Offset, Plane], axes: Sequence[Axis], places: Places) -> list[Plane]:
    """Average the weights that a point gives to each neighbour over the windows that hold the point."""
    weights = dict.fromkeys(logits, jnp.float32(0))
    starts = list(itertools.product(*(range(1 - axis.window, 1) for axis in axes)))
    for start, share in zip(starts, _shares(axes, places, starts), strict=True):
        spans = (range(first, first + axis.window) for first, axis in zip(start, axes, strict=True))
        members = list(itertools.product(*spans))
        largest = functools.reduce(jnp.maximum, (jax.lax.stop_gradient(logits[o]) for o in members))
        exponentials = {o: jnp.exp(logits[o] - largest) for o in members}
        scale = stored(share[None, None] / functools.reduce(jnp.add, exponentials.values()))
        for offset, exponential in exponentials.items():
            weights[offset] = weights[offset] + exponential * scale
    return stored(list(weights.values()))


def _places(axes: Sequence[Axis], rows: Int[Array, " height"] | None) -> Places:
    places = [jnp.arange(axis.length) for axis in axes]
    return places if rows is None else [rows, *places[1:]]


def _shares(axes: Sequence[Axis], places: Places, starts: list[Offset]) -> Float[Array, "starts *grid"]:
    """Compute the share of each window in the mean of a point it can hold, by its start seen from the point."""
    held = [_outer(list(map(_starts_window, axes, places, start))) for start in starts]
    counted = jnp.stack(held).astype(jnp.float32)
    return counted / jnp.maximum(counted.sum(axis=0), 1.0)[None]


def _starts_window(axis: Axis, places: Int[Array, " n"], start: int) -> Bool[Array, " n"]:
    """Mark the points of an axis that have a window which starts `start` points after them."""
    place = places + start
    needed = (place >= -axis.shift) & (place - axis.stride + axis.window < axis.length)
    return needed & ((place + axis.shift) % axis.stride == 0)


def _on_map(axes: Sequence[Axis], places: Places, offset: Offset) -> Bool[Array, "*grid"]:
    """Mark the points that have a neighbour on the map at `offset`."""
    moved = [each + step for each, step in zip(places, offset, strict=True)]
    return _outer([(p >= 0) & (p < axis.length) for p, axis in zip(moved, axes, strict=True)])


def _outer(axes: Sequence[Bool[Array, " _"]]) -> Bool[Array, "*grid"]:
    return functools.reduce(lambda a, b: a[..., None] & jnp.expand_dims(b, range(a.ndim)), axes)


def _shifted(x: Planes, offsets: list[Offset], windows: Offset) -> list[Planes]:
    """Return for each offset the array whose point i holds point i + offset (zero beyond the border)."""
    padded = stored(jnp.pad(x, [(0, 0)] * 3 + [(k - 1, k - 1) for k in windows]))
    grid = x.shape[3:]
    places = [[k - 1 + step for step, k in zip(offset, windows, strict=True)] for offset in offsets]
    return [padded[(..., *(slice(p, p + n) for p, n in zip(place, grid, strict=True)))] for place in places]
