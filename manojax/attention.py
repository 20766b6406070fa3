"""Scaled dot-product attention inside windows of a map.

Windows of K x K points start every `stride` points. Attention is closed: queries, keys and values of a window
come from that window alone. A point that lies in several windows receives the mean of what they give it.
Logits, softmax and sums are float32 whatever the dtype of the map.
"""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

Map = Float[Array, "batch height width heads head_dim"]
Offset = tuple[int, ...]

# Windows up to this size, at every point, are summed over neighbours without copying; K^4 terms are unrolled.
_LARGEST_UNROLLED = 3


class SelfAttention(nnx.Module):
    """Multi-head softmax self-attention on a map, with projections to query, key, value and output.

    Inside K x K windows, or over the whole map where the window is None. Query, key and value have no bias;
    logits are scaled by head_dim^-1/2.

    Raises:
        ValueError: heads do not divide the width, or the stride is not between 1 and the window.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        window: int | None = None,
        stride: int = 1,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if heads < 1 or width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        if window is not None and not 1 <= stride <= window:
            raise ValueError(f"stride {stride} must lie between 1 and window {window}: larger strides skip points")
        self.heads, self.window, self.stride = heads, window, stride
        self.query_key_value = nnx.Linear(width, 3 * width, use_bias=False, dtype=dtype, rngs=rngs)
        self.output = nnx.Linear(width, width, dtype=dtype, rngs=rngs)

    def __call__(
        self, x: Float[Array, "batch height width channel"]
    ) -> Float[Array, "batch height width channel"]:
        split_heads = (*x.shape[:3], self.heads, x.shape[-1] // self.heads)
        parts = jnp.split(self.query_key_value(x), 3, axis=-1)
        query, key, value = (part.reshape(split_heads) for part in parts)
        if self.window is None:
            attended = full_attention(query, key, value)
        else:
            attended = window_attention(query, key, value, window=self.window, stride=self.stride)
        return self.output(attended.reshape(x.shape))


def full_attention(query: Map, key: Map, value: Map) -> Map:
    """Softmax attention of every point to every point."""
    parts = (part.astype(jnp.float32) for part in (query, key, value))
    tokens = (part.reshape(part.shape[0], -1, *part.shape[3:]) for part in parts)
    return jax.nn.dot_product_attention(*tokens).reshape(value.shape).astype(value.dtype)


def window_attention(query: Map, key: Map, value: Map, *, window: int, stride: int) -> Map:
    """Softmax attention inside windows; the mean where windows overlap.

    Windows are clipped to the map: an axis shorter than the window is one window, and where windows do not tile
    the map the last one reaches over the border, its points there masked.
    """
    height, width = query.shape[1:3]
    windows = (min(window, height), min(window, width))
    query = query.astype(jnp.float32) * query.shape[-1] ** -0.5
    key, attended = key.astype(jnp.float32), value.astype(jnp.float32)
    if stride == 1 and window <= _LARGEST_UNROLLED:
        attended = _neighbour_attention(query, key, attended, windows)
    else:
        attended = _gathered_attention(query, key, attended, windows, stride)
    return attended.astype(value.dtype)


def _neighbour_attention(query: Map, key: Map, value: Map, windows: tuple[int, int]) -> Map:
    """Windows at every point, as attention of each point to its (2K-1) x (2K-1) neighbours.

    The mean over the windows w that hold point i is itself a weighted sum over the neighbours j of i,

        out_i = sum_j value_j  mean_{w holds i} [j in w] exp(query_i . key_j) / sum_{k in w} exp(query_i . key_k),

    so each logit is computed once instead of once a window, and no window is ever copied out of the map.
    """
    offsets = list(itertools.product(*(range(1 - k, k) for k in windows)))
    keys, values = _shifts(key, offsets, windows), _shifts(value, offsets, windows)
    logits = {offset: (query * keys[offset]).sum(-1) for offset in offsets}
    weights = dict.fromkeys(offsets, jnp.float32(0))
    members, shares = _windows_around_a_point(query.shape[1:3], windows)
    for offsets_of_window, share in zip(members, shares, strict=True):
        largest = jax.lax.stop_gradient(functools.reduce(jnp.maximum, (logits[o] for o in offsets_of_window)))
        exponentials = {o: jnp.exp(logits[o] - largest) for o in offsets_of_window}
        scale = share[None, :, :, None] / sum(exponentials.values())
        for offset, exponential in exponentials.items():
            weights[offset] = weights[offset] + exponential * scale
    # XLA for the CPU would otherwise fuse the softmax into the sum below and redo it for every channel.
    weights = jax.lax.optimization_barrier(weights)
    return functools.reduce(jnp.add, (weights[o][..., None] * values[o] for o in offsets))


def _shifts(x: Map, offsets: list[Offset], windows: tuple[int, int]) -> dict[Offset, Map]:
    """For each offset the map whose point i holds point i + offset of x (zero beyond the border)."""
    height, width = x.shape[1:3]
    above, left = windows[0] - 1, windows[1] - 1
    padded = jnp.pad(x, ((0, 0), (above, above), (left, left), (0, 0), (0, 0)))
    padded = jax.lax.optimization_barrier(padded)  # once in memory, not once a shift
    return {(i, j): padded[:, above + i : above + i + height, left + j : left + j + width] for i, j in offsets}


def _windows_around_a_point(
    shape: tuple[int, ...], windows: tuple[int, int]
) -> tuple[list[list[Offset]], Float[np.ndarray, "window height width"]]:
    """The windows that can hold a point: their members as offsets from it, and their share in its mean.

    The share is one over the number of windows that hold the point, and zero for a window that leaves the map.
    """
    members, inside = [], []
    for start in itertools.product(*(range(1 - k, 1) for k in windows)):
        ends = [s + k for s, k in zip(start, windows, strict=True)]
        members.append(list(itertools.product(*(range(s, e) for s, e in zip(start, ends, strict=True)))))
        rows, columns = (
            (np.arange(n) + s >= 0) & (np.arange(n) + e <= n) for n, s, e in zip(shape, start, ends, strict=True)
        )
        inside.append(rows[:, None] & columns[None, :])
    held = np.stack(inside)
    return members, (held / held.sum(axis=0)).astype(np.float32)


def _gathered_attention(query: Map, key: Map, value: Map, windows: tuple[int, int], stride: int) -> Map:
    """Windows every `stride` points, each copied out of the map and attended to by itself."""
    height, width = query.shape[1:3]
    rows, columns = (_window_points(n, k, stride) for n, k in zip((height, width), windows, strict=True))
    padding = ((0, 0), (0, rows.max() + 1 - height), (0, columns.max() + 1 - width), (0, 0), (0, 0))

    def gather(x: Map) -> Float[Array, "batch rows columns point heads head_dim"]:
        picked = jnp.pad(x, padding)[:, rows[:, None, :, None], columns[None, :, None, :]]
        return picked.reshape(*picked.shape[:3], -1, *picked.shape[5:])

    real = (rows < height)[:, None, :, None] & (columns < width)[None, :, None, :]
    real = real.reshape(*real.shape[:2], -1)
    logits = jnp.einsum("...phd,...qhd->...hpq", gather(query), gather(key))
    logits = jnp.where(real[None, :, :, None, None, :], logits, -jnp.inf)
    attended = jnp.einsum("...hpq,...qhd->...phd", jax.nn.softmax(logits), gather(value))

    attended = attended.reshape(*attended.shape[:3], *windows, *attended.shape[4:])
    total = jnp.zeros_like(jnp.pad(value, padding))
    total = total.at[:, rows[:, None, :, None], columns[None, :, None, :]].add(attended)
    count = np.bincount(rows.ravel())[:, None] * np.bincount(columns.ravel())[None, :]
    mean = total / count[None, :, :, None, None].astype(np.float32)
    return mean[:, :height, :width]


def _window_points(length: int, window: int, stride: int) -> np.ndarray:
    """Indices (window, point) along one axis: as many windows as it takes to cover the axis."""
    count = -(-(length - window) // stride) + 1
    return np.arange(count)[:, None] * stride + np.arange(window)[None, :]
