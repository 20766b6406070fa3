"""Convolution by multiplying Fourier coefficients, with matrices of cosines and sines in the place of FFTs.

Only a few modes are kept: a product with their waves is then faster than an FFT of all modes, needs no complex
numbers, and is the same on every backend.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from manojax.xla_cpu import matrix_times_each

Map = Float[Array, "batch *grid channel"]
Coefficients = Float[Array, "2 batch *mode channel"]
Modes = Int[np.ndarray, " _"]


class SpectralConv(nnx.Module):
    """Periodic convolution given by the low Fourier modes of its kernel (Li et al., arXiv 2010.08895, section 4).

        y = Re sum_k c_k R_k x_k exp(2 pi i k.p),        x_k = mean_p x(p) exp(-2 pi i k.p)

    over |k| < m along each axis, but 0 <= k < m along the last, where k > 0 stands for -k too (c_k = 2, else 1).
    R_k is an (in, out) complex matrix and p the position in units of the period. Coefficients are means, so the
    weights mean the same on every grid. Modes that a grid cannot hold (|k| >= n/2) are dropped on that grid.

    `nyquist` also keeps k = -m along all axes but the last and k = m along the last, where the grid has n >= 2 m
    points. For n = 2 m the latter is the Nyquist mode, its own conjugate (c_k = 1).

    Weights are real, (*modes, in, (real, imaginary), out): optimisers do not conjugate complex gradients.
    The transform runs in float32. On a CPU it is faster than FFTs up to m = 16 or so, and slower from m = 24.

    Raises:
        ValueError: a mode count below 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        modes: tuple[int, ...],
        *,
        nyquist: bool = False,
        rngs: nnx.Rngs,
    ):
        if min(modes) < 1:
            raise ValueError(f"modes {modes} must be at least 1 along each axis")
        self.modes, self.nyquist = modes, nyquist
        self.first = (*(1 - m - nyquist for m in modes[:-1]), 0)
        self.last = (*(m - 1 for m in modes[:-1]), modes[-1] - 1 + nyquist)
        stored = (last - first + 1 for first, last in zip(self.first, self.last, strict=True))
        # Real and imaginary part share a variance that keeps the scale of a signal inside the kept modes.
        weight = jax.random.normal(rngs.params(), (*stored, in_channels, 2, out_channels))
        self.weight = nnx.Param(weight * (2 * in_channels) ** -0.5)

    def __call__(self, x: Map) -> Float[Array, "batch *grid out"]:
        grid = x.shape[1:-1]
        kept = [self._kept(axis, n) for axis, n in enumerate(grid)]
        means = _coefficients(x.astype(jnp.float32), kept) / math.prod(grid)
        mixed = self._mix(means, kept)
        count = np.where((kept[-1] == 0) | (2 * kept[-1] == grid[-1]), np.float32(1), np.float32(2))
        count = np.expand_dims(count, (*range(mixed.ndim - 2), mixed.ndim - 1))
        return _field(mixed * count, kept, grid).astype(x.dtype)

    def _kept(self, axis: int, length: int) -> Modes:
        """Select the stored modes that a grid of this length holds along one axis."""
        k = np.arange(self.first[axis], self.last[axis] + 1)
        outermost = self.nyquist and length == 2 * self.modes[axis]
        return k[2 * abs(k) < length + outermost]

    def _mix(self, x: Coefficients, kept: list[Modes]) -> Float[Array, "2 batch *mode out"]:
        """Multiply the coefficients by R: one product a mode, with both parts of R side by side."""
        held = tuple(slice(k[0] - first, k[-1] - first + 1) for k, first in zip(kept, self.first, strict=True))
        weight = self.weight[...][held].astype(jnp.float32)
        *modes, inputs, _, out = weight.shape
        count, batch = math.prod(modes), x.shape[1]
        rows = x.reshape(2, batch, count, inputs).transpose(2, 0, 1, 3).reshape(count, 2 * batch, inputs)
        products = jnp.matmul(rows, weight.reshape(count, inputs, 2 * out), precision="highest")
        y = products.reshape(count, 2, batch, 2, out)
        parts = [y[:, 0, :, 0] - y[:, 1, :, 1], y[:, 0, :, 1] + y[:, 1, :, 0]]
        return jnp.stack(parts).swapaxes(1, 2).reshape(2, batch, *modes, out)


def held_modes(length: int) -> int:
    """Count the modes 0 <= k < length/2 that an axis of `length` points holds."""
    return (length + 1) // 2


def _coefficients(x: Map, kept: list[Modes]) -> Coefficients:
    """sum_p x(p) exp(-2 pi i k.p) for the kept modes.

    First x is summed with a cosine or a sine along each axis, from the first axis to the last: so the longest
    product has the longest rows, and nothing is transposed. Then these few sums give the sums with complex waves.
    """
    batch, *grid, channels = x.shape
    waves = _waves(kept, grid)
    rows = batch
    for wave in waves:
        x = matrix_times_each(wave, x.reshape(rows, wave.shape[1], -1))
        rows *= len(wave)
    x = x.reshape(batch, *(size for wave in waves for size in (2, len(wave) // 2)), channels)
    z = jnp.stack([x[..., 0, :, :], -x[..., 1, :, :]])
    for axis in reversed(range(len(grid) - 1)):
        cosine, sine = (jax.lax.index_in_dim(z, i, 2 + 2 * axis, keepdims=False) for i in (0, 1))
        z = _from_halves(cosine - _times_i(sine), cosine + _times_i(sine), 2 + 2 * axis, kept[axis])
    return z


def _field(z: Coefficients, kept: list[Modes], grid: tuple[int, ...]) -> Map:
    """Re sum_k z_k exp(2 pi i k.p) at all points: the transpose of `_coefficients`, its steps backwards."""
    for axis in range(len(grid) - 1):
        positive, negative = _to_halves(z, 2 + 2 * axis, kept[axis])
        z = jnp.stack([positive + negative, _times_i(positive - negative)], axis=2 + 2 * axis)
    x = jnp.stack([z[0], -z[1]], axis=-3)
    batch, waves = z.shape[1], _waves(kept, grid)
    for axis in reversed(range(len(grid))):
        rows = batch * math.prod(map(len, waves[:axis]))
        x = matrix_times_each(waves[axis].T, x.reshape(rows, len(waves[axis]), -1))
    return x.reshape(batch, *grid, -1)


def _times_i(z: Coefficients) -> Coefficients:
    return jnp.stack([-z[1], z[0]])


def _from_halves(positive: Array, negative: Array, axis: int, kept: Modes) -> Array:
    """Join arrays for |k| = 0, 1, ..., one of each sign, to the kept modes in order."""
    negative = jax.lax.slice_in_dim(negative, 1, 1 - int(kept[0]), axis=axis)
    return jnp.concatenate(
        [jnp.flip(negative, axis), jax.lax.slice_in_dim(positive, 0, int(kept[-1]) + 1, axis=axis)], axis=axis
    )


def _to_halves(z: Array, axis: int, kept: Modes) -> tuple[Array, Array]:
    """The inverse of `_from_halves`, zero where a mode is not kept; the mode 0 is among the positive ones."""
    middle, highest = -int(kept[0]), int(max(abs(kept)))
    negative = jnp.flip(jax.lax.slice_in_dim(z, 0, middle, axis=axis), axis)
    positive = jax.lax.slice_in_dim(z, middle, None, axis=axis)
    return _padded(positive, axis, 0, highest - int(kept[-1])), _padded(negative, axis, 1, highest - middle)


def _padded(z: Array, axis: int, before: int, after: int) -> Array:
    return jnp.pad(z, [(before, after) if i == axis else (0, 0) for i in range(z.ndim)])


def _waves(kept: list[Modes], grid: Sequence[int]) -> list[Float[np.ndarray, "_ _"]]:
    """Tabulate cos 2 pi k.p, then sin 2 pi k.p, for each axis: a row for each k from 0 to the highest |k| kept."""
    waves = []
    for modes, n in zip(kept, grid, strict=True):
        angle = 2 * np.pi * (np.outer(np.arange(max(abs(modes)) + 1), np.arange(n)) % n) / n
        waves.append(np.concatenate([np.cos(angle), np.sin(angle)]))
    return waves
