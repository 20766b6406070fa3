"""Convolution by multiplying Fourier coefficients, with matrices of cosines and sines in the place of FFTs.

Only few modes are kept: a product with their waves is then faster than an FFT of all modes, needs no complex
numbers, and is the same on every backend.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

Map = Float[Array, "batch *grid channel"]
Modes = Int[np.ndarray, " mode"]


class SpectralConv(nnx.Module):
    """Periodic convolution given by the low Fourier modes of its kernel (Li et al., arXiv 2010.08895, section 4).

        y = Re sum_k c_k R_k x_k exp(2 pi i k.p),        x_k = mean_p x(p) exp(-2 pi i k.p)

    over |k| < m along each axis, but 0 <= k < m along the last, where k > 0 stands for -k too (c_k = 2, else 1).
    R_k is an (in, out) complex matrix and p the position in units of the period. Coefficients are means, so the
    weights mean the same on every grid. Modes that a grid cannot hold (|k| >= n/2) are dropped on that grid.

    `nyquist` also keeps k = -m along all axes but the last and k = m along the last, where the grid has n >= 2 m
    points. For n = 2 m the latter is the Nyquist mode, its own conjugate (c_k = 1).

    Weights are real with a trailing axis (real, imaginary): optimisers do not conjugate complex gradients.
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
        weight = jax.random.normal(rngs.params(), (*stored, in_channels, out_channels, 2))
        self.weight = nnx.Param(weight * (2 * in_channels) ** -0.5)

    def __call__(self, x: Map) -> Float[Array, "batch *grid out"]:
        batch, *grid, channels = x.shape
        kept = [self._kept(axis, n) for axis, n in enumerate(grid)]
        waves = [_waves(k, n) for k, n in zip(kept, grid, strict=True)]
        waves[-1] = waves[-1][..., :1]  # the field is real
        waves = [wave.reshape(len(wave), -1) for wave in waves]
        twice = np.where((kept[-1] == 0) | (2 * kept[-1] == grid[-1]), 1, 2)

        # A product leaves (real, imaginary) in front of the modes, beside the points of the axis before: from the
        # last axis to the first and back, no array need be transposed.
        parts = x.astype(jnp.float32)
        for axis in reversed(range(len(grid))):
            rows = parts.reshape(batch * math.prod(grid[:axis]), waves[axis].shape[1], -1)
            parts = _product(waves[axis] / grid[axis], rows)
        parts = self._mix(parts.reshape(batch, 2, -1, channels), kept)
        waves[-1] = waves[-1] * np.tile(twice, 2)[:, None]
        for axis in range(len(grid)):
            rows = parts.reshape(batch * math.prod(grid[:axis]), len(waves[axis]), -1)
            parts = _product(waves[axis].T, rows)
        return parts.reshape(*x.shape[:-1], -1).astype(x.dtype)

    def _kept(self, axis: int, length: int) -> Modes:
        """Which of the stored modes a grid of that length holds along one axis."""
        k = np.arange(self.first[axis], self.last[axis] + 1)
        outermost = self.nyquist and length == 2 * self.modes[axis]
        return k[2 * abs(k) < length + outermost]

    def _mix(
        self, x: Float[Array, "batch 2 mode channel"], kept: list[np.ndarray]
    ) -> Float[Array, "batch 2 mode out"]:
        """Multiply the coefficients by R, as real matrices [[Re, Im], [-Im, Re]] on (real, imaginary)."""
        held = tuple(slice(k[0] - first, k[-1] - first + 1) for k, first in zip(kept, self.first, strict=True))
        weight = self.weight[...][held].astype(jnp.float32)
        real, imaginary = jnp.moveaxis(weight.reshape(-1, *weight.shape[-3:]), -1, 0)
        rows = jnp.concatenate([real, imaginary], -1), jnp.concatenate([-imaginary, real], -1)
        by_mode = x.transpose(2, 0, 1, 3).reshape(x.shape[2], x.shape[0], -1)
        y = jnp.matmul(by_mode, jnp.concatenate(rows, -2), precision="highest")
        return y.reshape(*y.shape[:2], 2, -1).transpose(1, 2, 0, 3)


def held_modes(length: int) -> int:
    """How many modes 0 <= k < length/2 an axis of `length` points holds."""
    return (length + 1) // 2


def _waves(k: Modes, length: int) -> Float[np.ndarray, "twice_mode length 2"]:
    """Sum of x(p) exp(-2 pi i k.p), in parts: (real, imaginary) and mode of the sum; point and part of x."""
    angle = 2 * np.pi * (np.outer(k, np.arange(length)) % length) / length
    real = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    imaginary = np.stack([-np.sin(angle), np.cos(angle)], axis=-1)
    return np.concatenate([real, imaginary])


def _product(
    matrix: Float[np.ndarray, "out in"], x: Float[Array, "batch in rest"]
) -> Float[Array, "batch out rest"]:
    """The matrix times every sample; as a batch of products, without which XLA transposes the array on CPUs."""
    matrices = jnp.broadcast_to(jnp.asarray(matrix, jnp.float32), (len(x), *matrix.shape))
    return jnp.matmul(matrices, x, precision="highest")
