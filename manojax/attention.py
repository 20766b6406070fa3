"""Scaled dot-product attention inside windows of a map.

Windows of K points a side start every `stride` points. Attention is closed: queries, keys and values of a window
come from that window alone. A point that lies in several windows receives the mean of what they give it.
Logits, softmax and sums are float32 whatever the dtype of the map. Any number of axes goes.
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
from jaxtyping import Float

from manojax.cells import cell_counts, from_cells, to_cells
from manojax.layers import default_init
from manojax.position import PositionBias, offsets_between

Map = Float[Array, "batch *grid channel"]
Heads = Float[Array, "batch *grid heads head_dim"]
Bias = Float[Array, "*offsets heads"]
Offset = tuple[int, ...]
Parts = tuple[Heads, Heads, Heads]
"""Query, key and value."""

# Windows at every point with at most this many pairs of points are summed over neighbours without copying.
_MOST_UNROLLED = 81
_LARGEST_SCALE = 100.0  # of cosine attention, as in SwinV2


class SelfAttention(nnx.Module):
    """Multi-head softmax self-attention on a map, with projections to query, key, value and output.

    Inside windows of `window` points a side, or over the whole map where the window is None. Query, key and value
    have no bias. Logits are query . key / sqrt(head_dim); with `cosine` they are the cosine of query and key times
    a learned factor of each head (Liu et al., SwinV2, arXiv 2111.09883, section 3.2). `position`, where given,
    adds a bias to the logits by the offset of key and query.

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
        output_init: Initializer = default_init,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if heads < 1 or width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        if window is not None and not 1 <= stride <= window:
            raise ValueError(f"stride {stride} must lie between 1 and window {window}: larger strides skip points")
        if not 0 <= shift < max(stride, 1):
            raise ValueError(f"shift {shift} must lie between 0 and stride {stride} - 1")
        self.heads, self.window, self.stride, self.shift = heads, window, stride, shift
        self.query_key_value = nnx.Linear(width, 3 * width, use_bias=False, dtype=dtype, rngs=rngs)
        self.output = nnx.Linear(width, width, kernel_init=output_init, dtype=dtype, rngs=rngs)
        self.log_scale = nnx.Param(jnp.full((heads,), math.log(10.0))) if cosine else None
        self.position = position

    def __call__(self, x: Map, spacing: Float[Array, " dimensions"] | None = None) -> Map:
        """Attend on a map whose points are `spacing` apart along each axis (1 where it is not given)."""
        parts = jnp.split(self.query_key_value(x), 3, axis=-1)
        query, key, value = (part.reshape(*x.shape[:-1], self.heads, -1) for part in parts)
        query, key = self._scaled(query.astype(jnp.float32), key.astype(jnp.float32))
        if self.window is None:
            attended = full_attention(query, key, value)
        else:
            bias = None if self.position is None else self.position(spacing)
            attended = window_attention(
                query, key, value, window=self.window, stride=self.stride, shift=self.shift, bias=bias
            )
        return self.output(attended.reshape(x.shape))

    def _scaled(self, query: Heads, key: Heads) -> tuple[Heads, Heads]:
        """Query and key whose products are the logits."""
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
) -> Heads:
    """Softmax attention inside windows; the mean where windows overlap.

    Windows are clipped to the map: an axis shorter than the window is one window, and where windows do not tile
    the map the last one reaches over the border, its points there masked. With a shift the first window starts so
    many points before the map. Logits are query . key + bias[key position - query position + window - 1].
    """
    grid = query.shape[1:-2]
    windows = tuple(min(window, n) for n in grid)
    parts = (query.astype(jnp.float32), key.astype(jnp.float32), value.astype(jnp.float32))
    if bias is not None and any(k < window for k in windows):
        bias = bias[tuple(slice(window - k, window + k - 1) for k in windows)]
    if stride == 1 and shift == 0 and math.prod(windows) ** 2 <= _MOST_UNROLLED:
        attended = _neighbour_attention(parts, windows, bias)
    else:
        strides = tuple(min(stride, k) for k in windows)
        shifts = tuple(shift if k < n else 0 for k, n in zip(windows, grid, strict=True))
        attended = _copied_attention(parts, windows, strides, shifts, bias)
    return attended.astype(value.dtype)


def _neighbour_attention(parts: Parts, windows: Offset, bias: Bias | None) -> Heads:
    """Windows at every point, as attention of each point to the (2 K - 1)^d neighbours around it.

    The mean over the windows w that hold point i is itself a weighted sum over the neighbours j of i,

        out_i = sum_j value_j  mean_{w holds i} [j in w] exp(query_i . key_j) / sum_{k in w} exp(query_i . key_k),

    so each logit is computed once instead of once a window, and no window is ever copied out of the map.
    """
    query, key, value = parts
    offsets = list(itertools.product(*(range(1 - k, k) for k in windows)))
    keys, values = _shifts(key, offsets, windows), _shifts(value, offsets, windows)
    logits = {offset: (query * keys[offset]).sum(-1) for offset in offsets}
    if bias is not None:
        for offset in offsets:
            own = bias[tuple(o + k - 1 for o, k in zip(offset, windows, strict=True))]
            logits[offset] = logits[offset] + jnp.expand_dims(own, range(query.ndim - 2))
    weights = dict.fromkeys(offsets, jnp.float32(0))
    members, shares = _windows_around_a_point(query.shape[1:-2], windows)
    for offsets_of_window, share in zip(members, shares, strict=True):
        largest = jax.lax.stop_gradient(functools.reduce(jnp.maximum, (logits[o] for o in offsets_of_window)))
        exponentials = {o: jnp.exp(logits[o] - largest) for o in offsets_of_window}
        scale = share[None, ..., None] / sum(exponentials.values())
        for offset, exponential in exponentials.items():
            weights[offset] = weights[offset] + exponential * scale
    # XLA for the CPU would otherwise fuse the softmax into the sum below and redo it for every channel.
    weights = jax.lax.optimization_barrier(weights)
    return functools.reduce(jnp.add, (weights[o][..., None] * values[o] for o in offsets))


def _shifts(x: Heads, offsets: list[Offset], windows: Offset) -> dict[Offset, Heads]:
    """For each offset the map whose point i holds point i + offset of x (zero beyond the border)."""
    padded = jnp.pad(x, [(0, 0), *((k - 1, k - 1) for k in windows), (0, 0), (0, 0)])
    padded = jax.lax.optimization_barrier(padded)  # once in memory, not once a shift
    return {
        offset: padded[
            (
                slice(None),
                *(slice(k - 1 + o, k - 1 + o + n) for o, k, n in zip(offset, windows, x.shape[1:], strict=False)),
            )
        ]
        for offset in offsets
    }


def _windows_around_a_point(
    grid: tuple[int, ...], windows: Offset
) -> tuple[list[list[Offset]], Float[np.ndarray, "window *grid"]]:
    """The windows that can hold a point: their members as offsets from it, and their share in its mean.

    The share is one over the number of windows that hold the point, and zero for a window that leaves the map.
    """
    members, inside = [], []
    for start in itertools.product(*(range(1 - k, 1) for k in windows)):
        members.append(list(itertools.product(*(range(s, s + k) for s, k in zip(start, windows, strict=True)))))
        fits = [
            (np.arange(n) + s >= 0) & (np.arange(n) + s + k <= n)
            for n, s, k in zip(grid, start, windows, strict=True)
        ]
        inside.append(functools.reduce(np.logical_and.outer, fits))
    held = np.stack(inside)
    return members, (held / held.sum(axis=0)).astype(np.float32)


def _copied_attention(parts: Parts, windows: Offset, strides: Offset, shifts: Offset, bias: Bias | None) -> Heads:
    """Every window copied out of the map and attended to by itself."""
    query, key, value = parts
    grid = query.shape[1:-2]
    copy = functools.partial(_windows, windows=windows, strides=strides, shifts=shifts)
    real = copy(jnp.ones((1, *grid, 1, 1)))[..., 0, 0]
    logits = jnp.einsum("...phd,...qhd->...hpq", copy(query), copy(key))
    if bias is not None:
        logits = logits + jnp.expand_dims(_pairwise(bias, windows), range(logits.ndim - 3))
    logits = jnp.where(real[..., None, None, :] > 0, logits, -1e30)
    attended = jnp.einsum("...hpq,...qhd->...phd", jax.nn.softmax(logits), copy(value))

    (total,) = jax.linear_transpose(copy, value)(attended)
    (count,) = jax.linear_transpose(copy, jnp.ones((1, *grid, 1, 1)))(real[..., None, None])
    return total / count


def _windows(x: Array, windows: Offset, strides: Offset, shifts: Offset) -> Array:
    """(batch, *grid, heads, head_dim) -> (batch, *windows, point, heads, head_dim), zero beyond the map.

    A window is put together of cells as large as the stride: whole pieces of the map, never single points.
    """
    grid = x.shape[1:-2]
    pieces = cell_counts(windows, strides)
    counts = tuple(
        -(-(n + shift - k) // stride) + 1
        for n, k, stride, shift in zip(grid, windows, strides, shifts, strict=True)
    )
    after = [
        (count + piece - 1) * stride - n - shift
        for n, count, piece, stride, shift in zip(grid, counts, pieces, strides, shifts, strict=True)
    ]
    x = jnp.pad(x, [(0, 0), *zip(shifts, after, strict=True), (0, 0), (0, 0)])
    cells = to_cells(x, strides)
    copies = [
        cells[(slice(None), *(slice(p, p + count) for p, count in zip(place, counts, strict=True)))]
        for place in itertools.product(*(range(p) for p in pieces))
    ]
    stacked = jnp.stack(copies, axis=1 + len(grid)).reshape(-1, len(copies), *cells.shape[1 + len(grid) :])
    whole = tuple(piece * stride for piece, stride in zip(pieces, strides, strict=True))
    points = stacked.reshape(stacked.shape[0], *pieces, *stacked.shape[2:])
    window = from_cells(points, strides, whole)[(slice(None), *(slice(k) for k in windows))]
    return window.reshape(x.shape[0], *counts, math.prod(windows), *x.shape[-2:])


def _pairwise(bias: Bias, windows: Offset) -> Float[Array, "heads point point"]:
    """The bias of every pair of points (query, key) of a window."""
    places = offsets_between(windows) + (np.array(windows) - 1)
    return jnp.moveaxis(bias[tuple(np.moveaxis(places, -1, 0))], -1, 0)
