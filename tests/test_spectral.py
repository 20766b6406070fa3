import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax import SpectralConv


def fourier_sum(x, weight, modes):
    """y(p) = Re sum_k R_k x_k exp(2 pi i k.p) by dense sums in float64.

    A mode k2 > 0 comes with its conjugate -k, so it counts twice in a real field; k2 = 0 counts once.
    """
    height, width, _ = x.shape
    p1, p2 = np.arange(height) / height, np.arange(width) / width
    y = np.zeros((height, width, weight.shape[3]))
    for k1 in range(1 - modes[0], modes[0]):
        for k2 in range(modes[1]):
            if 2 * abs(k1) >= height or 2 * k2 >= width:
                continue
            wave = np.exp(2j * np.pi * (k1 * p1[:, None] + k2 * p2[None, :]))
            coefficient = (x * wave.conj()[:, :, None]).mean(axis=(0, 1))
            real, imaginary = np.moveaxis(weight[k1 + modes[0] - 1, k2], -1, 0)
            y += (2 if k2 else 1) * np.real(wave[:, :, None] * (coefficient @ (real + 1j * imaginary)))
    return y


@pytest.mark.parametrize("shape", [(16, 16), (9, 12), (5, 4), (1, 7)], ids=str)
def test_agrees_with_the_dense_fourier_sum(shape):
    """On grids that hold all modes, and on coarser ones, where the rest are dropped."""
    modes = (4, 3)
    module = SpectralConv(3, 2, modes, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(1), (2, *shape, 3))
    weight = np.asarray(module.weight[...], np.float64)
    for sample, mapped in zip(np.asarray(x, np.float64), module(x), strict=True):
        np.testing.assert_allclose(mapped, fourier_sum(sample, weight, modes), atol=1e-5)


def test_a_band_limited_periodic_field_gives_the_same_on_every_grid():
    """Coefficients are means, so the operator commutes with refining a field that the coarse grid resolves."""
    module = SpectralConv(1, 1, (4, 4), rngs=nnx.Rngs(0))

    def field(n):
        p = 2 * np.pi * np.arange(n) / n
        values = np.sin(p[:, None] + 2 * p[None, :]) + np.cos(3 * p)[:, None]
        return jnp.asarray(values[None, :, :, None], jnp.float32)

    np.testing.assert_allclose(module(field(32))[:, ::2, ::2], module(field(16)), atol=1e-6)


def test_no_modes_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        SpectralConv(1, 1, (0, 4), rngs=nnx.Rngs(0))
