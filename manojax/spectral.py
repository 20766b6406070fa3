"""Convolution by multiplying Fourier coefficients, with matrices of cosines and sines in the place of FFTs.

Only few modes are kept, so that a matrix is faster than an FFT of them all, runs on every backend alike, and needs
no complex numbers. Along each axis the transform is real, onto (cos, -sin), the real and imaginary part of a wave;
a wave in several dimensions is their product, so its coefficient is a sum of products of parts.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float

Map = Float[Array, "batch *grid channel"]


class SpectralConv(nnx.Module):
    """Periodic convolution given by the low Fourier modes of its kernel (Li et al., arXiv 2010.08895, section 4).

        y = Re sum_k c_k R_k x_k exp(2 pi i k.p),        x_k = mean_p x(p) exp(-2 pi i k.p)

    over |k| < m along each axis, but 0 <= k < m along the last, where k > 0 stands for -k too (c_k = 2, else 1).
    R_k is an (in, out) complex matrix and p the position in units of the period. Coefficients are means, so the
    weights mean the same on every grid. Modes that a grid cannot hold (|k| >= n/2) are dropped on that grid.

    `nyquist` also keeps k = -m along all axes but the last and k = m along the last, where the grid has n >= 2 m
    points. For n = 2 m it is the last axis' Nyquist mode, which is real and its own conjugate (c_k = 1).

    Weights are real with a trailing axis (real, imaginary): optimisers do not conjugate complex gradients.
    The transform runs in float32.

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
        stored = (*(2 * m - 1 + nyquist for m in modes[:-1]), modes[-1] + nyquist)
        # Real and imaginary part share a variance that keeps the scale of a signal inside the kept modes.
        weight = jax.random.normal(rngs.params(), (*stored, in_channels, out_channels, 2))
        self.weight = nnx.Param(weight * (2 * in_channels) ** -0.5)

    def __call__(self, x: Map) -> Float[Array, "batch *grid out"]:
        grid = x.shape[1:-1]
        kept = tuple(self._kept(m, n) for m, n in zip(self.modes, grid, strict=True))
        waves = [_waves(count, n) for count, n in zip(kept, grid, strict=True)]

        parts = x.astype(jnp.float32)
        for axis, wave in enumerate(waves, start=1):
            parts = _along(axis, wave / wave.shape[1], parts)
        parts = self._mix(parts, kept, grid)
        for axis, wave in enumerate(waves, start=1):
            parts = _along(axis, wave.T, parts)
        return parts.astype(x.dtype)

    def _kept(self, modes: int, length: int) -> int:
        """How many |k| = 0, 1, .. an axis of that length keeps."""
        return modes + 1 if self.nyquist and length >= 2 * modes else min(modes, held_modes(length))

    def _mix(
        self, parts: Float[Array, "batch *parts channel"], kept: tuple[int, ...], grid: tuple[int, ...]
    ) -> Float[Array, "batch *parts out"]:
        """Multiply coefficients by c_k R_k, from parts to parts: (cos, -sin) and k along each axis."""
        batch, channels, dimensions = parts.shape[0], parts.shape[-1], len(kept)
        combine = _combinations(dimensions)
        waves_last = (*range(2, 2 * dimensions + 1, 2), 0, *range(1, 2 * dimensions, 2), 2 * dimensions + 1)
        split = parts.reshape(batch, *(size for count in kept for size in (2, count)), channels)
        x = split.transpose(waves_last).reshape(-1, batch, 2**dimensions, channels)
        x = jnp.einsum("srp,kbpi->skbri", combine, x, precision="highest")
        y = jnp.matmul(x.reshape(*x.shape[:3], -1), self._blocks(kept, grid), precision="highest")
        y = jnp.einsum("srp,skbro->kbpo", combine, y.reshape(*x.shape[:4], -1), precision="highest")
        y = y.reshape(*kept, batch, *(2,) * dimensions, -1).transpose(np.argsort(waves_last))
        return y.reshape(*parts.shape[:-1], -1)

    def _blocks(
        self, kept: tuple[int, ...], grid: tuple[int, ...]
    ) -> Float[Array, "signs mode twice_in twice_out"]:
        """c_k R_k as real matrices [[Re, Im], [-Im, Re]], for k of either sign along all axes but the last."""
        weight = self.weight[...].astype(jnp.float32)
        for axis, count in enumerate(kept[:-1]):
            # One more axis in front of those of k, for its sign; k = 0 has but one.
            weight = jnp.stack(self._signed(weight, 2 * axis, count), axis=axis)
        weight = jax.lax.slice_in_dim(weight, 0, kept[-1], axis=2 * len(kept) - 2)
        k = np.arange(kept[-1])
        count = np.where((k == 0) | (2 * k == grid[-1]), 1.0, 2.0).astype(np.float32)
        weight = weight.reshape(2 ** (len(kept) - 1), -1, kept[-1], *weight.shape[-3:])
        real, imaginary = jnp.moveaxis(weight * count[None, None, :, None, None, None], -1, 0)
        rows = jnp.concatenate([real, imaginary], -1), jnp.concatenate([-imaginary, real], -1)
        blocks = jnp.concatenate(rows, -2)
        return blocks.reshape(blocks.shape[0], -1, *blocks.shape[-2:])

    def _signed(self, weight: Array, axis: int, count: int) -> list[Array]:
        """Weights of k = 0, 1, .. and of none, -1, .. from those of 1 - m .. m - 1, or of -m .. m - 1."""
        ends = [(0, 0)] * weight.ndim
        ends[axis] = (0, int(self.nyquist))
        weight = jnp.pad(weight, ends)
        centre = weight.shape[axis] // 2
        positive = jax.lax.slice_in_dim(weight, centre, centre + count, axis=axis)
        negative = jax.lax.slice_in_dim(weight, centre + 1 - count, centre, axis=axis)
        ends[axis] = (1, 0)
        return [positive, jnp.pad(jnp.flip(negative, axis), ends)]


def _waves(count: int, length: int) -> Float[np.ndarray, "twice_count length"]:
    """cos(2 pi k p), then -sin(2 pi k p), for k < count at p = 0, 1/n, .."""
    angle = 2 * np.pi * (np.outer(np.arange(count), np.arange(length)) % length) / length
    return np.concatenate([np.cos(angle), -np.sin(angle)]).astype(np.float32)


def _along(axis: int, matrix: np.ndarray, x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Apply a matrix along one axis.

    As a batched product with the axes before it, one of few large matrices without transposing the array.
    """
    rows = x.reshape(math.prod(x.shape[:axis]), x.shape[axis], -1)
    product = jnp.matmul(jnp.broadcast_to(matrix, (len(rows), *matrix.shape)), rows, precision="highest")
    return product.reshape(*x.shape[:axis], -1, *x.shape[axis + 1 :])


def _combinations(dimensions: int) -> Float[np.ndarray, "signs 2 parts"]:
    """(Real, imaginary) part of exp(-2 pi i k.p) from products of the (cos, -sin) of |k_j| p_j, for each sign.

    It is the product over axes of cos + i s (-sin), with s the sign of k_j, + along the last axis.
    """
    product = np.array([[1, 1j]])
    for _ in range(dimensions - 1):
        product = np.kron([[1, 1j], [1, -1j]], product)
    return np.stack([product.real, product.imag], axis=1).astype(np.float32)


def held_modes(length: int) -> int:
    """How many modes 0 <= k < length/2 an axis of `length` points holds."""
    return (length + 1) // 2
