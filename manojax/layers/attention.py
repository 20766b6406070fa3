"""Scaled dot-product attention inside windows of a map.

Windows of K points a side start every `stride` points. Attention is closed: queries, keys and values of a window
come from that window alone. A point that lies in several windows receives the mean of their results. Logits,
softmax and sums are float32 whatever the dtype of the map. A map may have any number of axes.
"""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float, Int

from manojax.layers.basic import Linear, check_heads, default_init
from manojax.layers.cells import cell_counts, from_cells, to_cells
from manojax.layers.halo import Space, unwrapped, wrapped
from manojax.layers.neighbours import FAR_BELOW, Axis, from_planes, neighbour_attention, to_planes
from manojax.layers.position import PositionBias, offsets_between

Map = Float[Array, "batch *grid channel"]
Heads = Float[Array, "batch *grid heads head_dim"]
Bias = Float[Array, "*offsets heads"]
Offset = tuple[int, ...]

# Windows of at most this many pairs of points are summed over neighbours, which unrolls all pairs.
_MOST_UNROLLED = 81
_LARGEST_SCALE = 100.0  # of cosine attention, as in SwinV2


class SelfAttention(nnx.Module):
    """Multi-head softmax self-attention on a map, with projections to query, key, value and output.

    Attention acts inside windows of `window` points a side, or over the whole map if `window` is None. Query, key
    and value have no bias. Logits are query . key / sqrt(head_dim); with `cosine` they are the cosine of query and
    key times a learned factor of each head (Liu et al., SwinV2, arXiv 2111.09883, section 3.2). `position`, if
    given, adds a bias to the logits that depends on the offset of key and query.

    Raises:
        ValueError: heads do not divide the width, or the stride is not between 1 and the window, or the shift not
            between 0 and the stride.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        window: int | None = None,
        stride: int = 1,
        shift: int = 0,
        cosine: bool = False,
        position: PositionBias | None = None,
        periodic: tuple[bool, ...] = (),
        output_init: Initializer = default_init,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_heads(width, heads)
        if window is not None and not 1 <= stride <= window:
            raise ValueError(f"stride {stride} must lie between 1 and window {window}: larger strides skip points")
        if not 0 <= shift < max(stride, 1):
            raise ValueError(f"shift {shift} must lie between 0 and stride {stride} - 1")
        self.heads, self.window, self.stride, self.shift = heads, window, stride, shift
        self.query_key_value = Linear(width, 3 * width, use_bias=False, dtype=dtype, rngs=rngs)
        self.output = Linear(width, width, kernel_init=output_init, dtype=dtype, rngs=rngs)
        self.log_scale = nnx.Param(jnp.full((heads,), math.log(10.0))) if cosine else None
        self.position, self.periodic = position, periodic

    def __call__(
        self, x: Map, spacing: Float[Array, " dimensions"] | None = None, space: Space | None = None
    ) -> Map:
        """Attend on a map whose points are `spacing` apart along each axis (1 by default).

        With a `space`, x and the result are this device's piece of the map.

        Raises:
            ValueError: the map is split and windows have many points.
        """
        rows = x.shape[1]
        halo = 0 if space is None or self.window is None else self.window - 1
        x = x if space is None else space.with_halo(x, halo)
        parts = jnp.split(self.query_key_value(x), 3, axis=-1)
        query, key, value = (part.reshape(*x.shape[:-1], self.heads, -1) for part in parts)
        query, key = self._scaled(query.astype(jnp.float32), key.astype(jnp.float32))
        if self.window is None:
            attended = full_attention(query, key, value)
        else:
            # Only windows that are shorter than a ring reach over its seam.
            rings = tuple(ring and n > self.window for ring, n in zip(self.periodic, x.shape[1:-1], strict=False))
            around = -(-(self.window - 1) // self.stride) * self.stride  # so that windows start at the same places
            attended = window_attention(
                *(wrapped(part, around, rings) for part in (query, key, value)),
                window=self.window,
                stride=self.stride,
                shift=self.shift,
                bias=None if self.position is None else self.position(spacing),
                rows=None if space is None else (space.places(rows, halo), space.whole((rows,))[0]),
            )
            attended = unwrapped(attended, around, rings) if any(rings) else attended
        return self.output(attended.reshape(x.shape)[:, halo : halo + rows])

    def _scaled(self, query: Heads, key: Heads) -> tuple[Heads, Heads]:
        """Scale query and key so that their products are the logits."""
        if self.log_scale is None:
            return query * query.shape[-1] ** -0.5, key
        scale = jnp.exp(jnp.minimum(self.log_scale[...], math.log(_LARGEST_SCALE)))
        scale = jnp.expand_dims(scale, [*range(query.ndim - 2), query.ndim - 1])
        return _unit(query) * scale, _unit(key)


def _unit(x: Heads) -> Heads:
    return x * jax.lax.rsqrt((x * x).sum(-1, keepdims=True) + 1e-12)


def full_attention(query: Heads, key: Heads, value: Heads) -> Heads:
    """Softmax attention of every point to every point; logits are query . key."""
    parts = (part.astype(jnp.float32) for part in (query, key, value))
    tokens = (part.reshape(part.shape[0], -1, *part.shape[-2:]) for part in parts)
    return jax.nn.dot_product_attention(*tokens, scale=1.0).reshape(value.shape).astype(value.dtype)


def window_attention(
    query: Heads,
    key: Heads,
    value: Heads,
    *,
    window: int,
    stride: int,
    shift: int = 0,
    bias: Bias | None = None,
    rows: tuple[Int[Array, " height"], int] | None = None,
) -> Heads:
    """Softmax attention inside windows; the mean where windows overlap.

    Windows are clipped to the map: an axis shorter than the window is one window, and where windows do not tile
    the map the last one reaches over the border, and its points there are masked; windows at every point never
    reach over it. The first window starts `shift` points before the map. Logits are
    query . key + bias[key position - query position + window - 1]. For a piece of a map, `rows` gives the
    positions of its rows on the map's first axis, and the length of that axis.

    Raises:
        ValueError: windows have many points and the map is a piece.
    """
    grid = query.shape[1:-2] if rows is None else (rows[1], *query.shape[2:-2])
    windows = tuple(min(window, n) for n in grid)
    parts = (query.astype(jnp.float32), key.astype(jnp.float32), value.astype(jnp.float32))
    if bias is not None:
        bias = bias[tuple(slice(window - k, window + k - 1) for k in windows)]
    axes = tuple(Axis(n, k, min(stride, k), shift if k < n else 0) for n, k in zip(grid, windows, strict=True))
    if math.prod(windows) ** 2 <= _MOST_UNROLLED:
        # The gradient computes the weights again: this costs less than to keep their intermediate results.
        attend = jax.checkpoint(functools.partial(neighbour_attention, axes=axes))
        places = None if rows is None else rows[0]
        attended = from_planes(attend(*(to_planes(part) for part in parts), bias=bias, rows=places))
    elif rows is not None:
        raise ValueError(f"windows of {math.prod(windows)} points are too large for a map split over devices")
    else:
        attended = _copied_attention(*parts, axes=axes, bias=bias)
    return attended.astype(value.dtype)


def _copied_attention(
    query: Heads,
    key: Heads,
    value: Heads,
    *,
    axes: tuple[Axis, ...],
    bias: Bias | None,
) -> Heads:
    """Copy every window out of the map and attend inside each by itself, for windows of many points."""
    grid = query.shape[1:-2]
    windows = tuple(axis.window for axis in axes)
    copy = functools.partial(_windows, axes=axes)
    real = copy(jnp.ones((1, *grid, 1, 1)))[..., 0, 0]
    logits = jnp.einsum("...phd,...qhd->...hpq", copy(query), copy(key))
    if bias is not None:
        logits = logits + jnp.expand_dims(_pairwise(bias, windows), range(logits.ndim - 3))
    logits = jnp.where(real[..., None, None, :] > 0, logits, FAR_BELOW)
    attended = jnp.einsum("...hpq,...qhd->...phd", jax.nn.softmax(logits), copy(value))

    (total,) = jax.linear_transpose(copy, value)(attended)
    (count,) = jax.linear_transpose(copy, jnp.ones((1, *grid, 1, 1)))(real[..., None, None])
    return total / count


def _windows(x: Array, axes: tuple[Axis, ...]) -> Array:
    """(batch, *grid, heads, head_dim) -> (batch, *windows, point, heads, head_dim), zero beyond the map.

    A window is assembled from cells as large as the stride: whole pieces of the map, never single points.
    """
    windows, strides = tuple(axis.window for axis in axes), tuple(axis.stride for axis in axes)
    pieces = cell_counts(windows, strides)
    reach = [axis.length + axis.shift for axis in axes]
    counts = [-(-(n - k) // stride) + 1 for n, k, stride in zip(reach, windows, strides, strict=True)]
    whole = [(c + p - 1) * stride for c, p, stride in zip(counts, pieces, strides, strict=True)]
    padding = [(axis.shift, w - n) for axis, w, n in zip(axes, whole, reach, strict=True)]
    cells = to_cells(jnp.pad(x, [(0, 0), *padding, (0, 0), (0, 0)]), strides)
    copies = [
        cells[(slice(None), *(slice(p, p + count) for p, count in zip(place, counts, strict=True)))]
        for place in itertools.product(*(range(p) for p in pieces))
    ]
    stacked = jnp.stack(copies, axis=1 + len(axes)).reshape(-1, *pieces, *cells.shape[1 + len(axes) :])
    points = from_cells(stacked, strides, windows)
    return points.reshape(x.shape[0], *counts, math.prod(windows), *x.shape[-2:])


def _pairwise(bias: Bias, windows: Offset) -> Float[Array, "heads point point"]:
    """The bias of every pair of points (query, key) of a window."""
    places = offsets_between(windows) + (np.array(windows) - 1)
    return jnp.moveaxis(bias[tuple(np.moveaxis(places, -1, 0))], -1, 0)
