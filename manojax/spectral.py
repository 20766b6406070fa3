"""Convolution by multiplying Fourier coefficients."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Complex, Float

Map = Float[Array, "batch height width channel"]


class SpectralConv(nnx.Module):
    """Periodic convolution given by the low Fourier modes of its kernel (Li et al., arXiv 2010.08895, section 4).

        y = sum_{|k1| < m1, |k2| < m2} R_k x_k exp(2 pi i k.p),        x_k = mean_p x(p) exp(-2 pi i k.p)

    with R_k an (in, out) complex matrix and p the position in units of the period. Coefficients are means, so the
    weights mean the same on every grid; y is real because only its real part is kept. Modes that a grid cannot
    hold (|k| >= n/2) are dropped on that grid.

    Weights are real with a trailing axis (real, imaginary): optimisers do not conjugate complex gradients.
    The transform runs in float32.

    Raises:
        ValueError: a mode count below 1.
    """

    def __init__(self, in_channels: int, out_channels: int, modes: tuple[int, ...], *, rngs: nnx.Rngs):
        if min(modes) < 1:
            raise ValueError(f"modes {modes} must be at least 1 along each axis")
        self.modes = modes
        shape = (2 * modes[0] - 1, modes[1], in_channels, out_channels, 2)
        # Real and imaginary part share a variance that keeps the scale of a signal inside the kept modes.
        self.weight = nnx.Param(jax.random.normal(rngs.params(), shape) * (2 * in_channels) ** -0.5)

    def __call__(self, x: Map) -> Float[Array, "batch height width out"]:
        height, width = x.shape[1:3]
        rows, columns = (min(m, held_modes(n)) for m, n in zip(self.modes, (height, width), strict=True))
        kept = np.arange(1 - rows, rows) % height

        channels_first = jnp.moveaxis(x, -1, 1).astype(jnp.float32)  # twice as fast to transform on a CPU
        spectrum = jnp.fft.rfft(channels_first, axis=3, norm="forward")[..., :columns]
        spectrum = jnp.fft.fft(spectrum, axis=2, norm="forward")[:, :, kept]
        spectrum = jnp.einsum("bixy,xyio->boxy", spectrum, self._complex_weight(rows, columns))
        # First the complex inverse, then irfft, which ignores the imaginary part of k2 = 0 on every backend alike.
        full = jnp.zeros((*spectrum.shape[:2], height, columns), spectrum.dtype).at[:, :, kept].set(spectrum)
        full = jnp.fft.ifft(full, axis=2, norm="forward")
        y = jnp.fft.irfft(full, n=width, axis=3, norm="forward")
        return jnp.moveaxis(y, 1, -1).astype(x.dtype)

    def _complex_weight(self, rows: int, columns: int) -> Complex[Array, "kept_rows kept_columns in out"]:
        centre = self.modes[0] - 1
        weight = self.weight[...][centre - rows + 1 : centre + rows, :columns].astype(jnp.float32)
        return jax.lax.complex(weight[..., 0], weight[..., 1])


def held_modes(length: int) -> int:
    """How many modes 0 <= k < length/2 an axis of `length` points holds."""
    return (length + 1) // 2
