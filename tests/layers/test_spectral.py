import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax import SpectralConv
from tests.cases import slow


def fourier_sum(x, weight, modes, nyquist):
    """y(p) = Re sum_k c_k R_k x_k exp(2 pi i k.p) by dense sums in float64.

    A mode with k > 0 along the last axis comes with its conjugate -k, so it counts twice; k = 0 and
    k = n/2 along that axis count once.
    """
    *grid, _ = x.shape
    points = np.meshgrid(*(np.arange(n) / n for n in grid), indexing="ij")
    y = np.zeros((*grid, weight.shape[-1]))
    lowest = [*(1 - m - nyquist for m in modes[:-1]), 0]
    for index in itertools.product(*(range(n) for n in weight.shape[:-3])):
        k = np.add(lowest, index)
        dropped = [
            abs(a) >= m + nyquist or (2 * abs(a) >= n and not (nyquist and abs(a) == m and n == 2 * m))
            for a, m, n in zip(k, modes, grid, strict=True)
        ]
        if any(dropped):
            continue
        wave = np.exp(2j * np.pi * sum(a * p for a, p in zip(k, points, strict=True)))[..., None]
        coefficient = (x * wave.conj()).mean(axis=tuple(range(len(grid))))
        mixed = coefficient @ (weight[index][:, 0] + 1j * weight[index][:, 1])
        y += (1 if k[-1] == 0 or 2 * k[-1] == grid[-1] else 2) * np.real(wave * mixed)
    return y


CASES = [
    slow((7,), (4,)),
    ((6,), (3,)),
    slow((5,), (4,)),
    slow((1,), (2,)),
    ((16, 16), (4, 3)),
    ((9, 12), (4, 3)),
    ((8, 6), (4, 3)),
    slow((5, 4), (4, 3)),
    ((1, 7), (4, 3)),
    slow((6, 5, 8), (2, 2, 3)),
    ((4, 4, 4), (2, 2, 2)),
]


@pytest.mark.parametrize("nyquist", [False, True])
@pytest.mark.parametrize(("grid", "modes"), CASES, ids=str)
def test_agrees_with_the_dense_fourier_sum(grid, modes, nyquist):
    """On grids that hold all modes, on those whose Nyquist modes are the outermost, and on coarser ones."""
    module = SpectralConv(3, 2, modes, nyquist=nyquist, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(1), (2, *grid, 3))
    weight = np.asarray(module.weight[...], np.float64)
    for sample, mapped in zip(np.asarray(x, np.float64), module(x), strict=True):
        np.testing.assert_allclose(mapped, fourier_sum(sample, weight, modes, nyquist), atol=1e-5)


@pytest.mark.parametrize("dimensions", [1, 2, slow(3)])
def test_commutes_with_translations(dimensions):
    """Modes below n/2 of either sign are all kept or all dropped, so that a shift only turns their phases."""
    module = SpectralConv(2, 2, (3,) * dimensions, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(1), (1, *(7, 6, 8)[:dimensions], 2))
    shift, axes = (2, 3, 1)[:dimensions], tuple(range(1, dimensions + 1))
    np.testing.assert_allclose(module(jnp.roll(x, shift, axes)), np.roll(module(x), shift, axes), atol=1e-5)


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
