"""Gaussian random fields on the unit square by their cosine series.

The covariance tau^(2 alpha - 2) (-Laplace + tau^2 I)^(-alpha) with zero Neumann conditions has the eigenfunctions
phi_k(x) phi_l(y), phi_0 = 1, phi_k(x) = sqrt(2) cos(pi k x), so that

    g(x, y) = sum_{k, l < n} s_kl xi_kl phi_k(x) phi_l(y),
    s_kl = tau^(alpha-1) (pi^2 (k^2 + l^2) + tau^2)^(-alpha/2),

with independent unit normals xi and s_00 = 0 (the mean of g over the square is zero). Its variance varies over
the square: it is smallest at the centre and largest in the corners.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Key

from pde.conductances import Centring


def amplitudes(shape: tuple[int, int], alpha: float, tau: float) -> Float[Array, "k l"]:
    """Standard deviations s_kl of the coefficients of the orthonormal cosines."""
    k, l = (jnp.arange(n, dtype=jnp.float64) for n in shape)  # noqa: E741 (the formula's name)
    squares = k[:, None] ** 2 + l[None, :] ** 2
    scale = tau ** (alpha - 1) * (jnp.pi**2 * squares + tau**2) ** (-alpha / 2)
    return scale.at[0, 0].set(0.0)


def on_nodes(coefficients: Float[Array, "k l"]) -> Float[Array, "k l"]:
    """sum_kl c_kl phi_k(x_i) phi_l(y_j) on the nodes x_i = i/(n-1): a DCT-I along each axis."""
    return _cosine_sum(_cosine_sum(coefficients.T).T)


def on_cells(coefficients: Float[Array, "k l"]) -> Float[Array, "k l"]:
    """sum_kl c_kl phi_k(x_i) phi_l(y_j) on the cell centres x_i = (i + 1/2)/n: a DCT-III along each axis."""
    return _shifted_cosine_sum(_shifted_cosine_sum(coefficients.T).T)


def _cosine_sum(coefficients: Float[Array, "row k"]) -> Float[Array, "row k"]:
    """sum_k c_k phi_k(i/(n-1)) along the last axis, by the inverse transform of a real, even spectrum."""
    last = coefficients.shape[-1] - 1
    inner = jnp.full(last + 1, 0.5**0.5).at[0].set(1.0).at[last].set(2**0.5)
    return jnp.fft.irfft(coefficients * inner[None, :], n=2 * last, norm="forward")[..., : last + 1]


def _shifted_cosine_sum(coefficients: Float[Array, "row k"]) -> Float[Array, "row k"]:
    """sum_k c_k phi_k((i + 1/2)/n) along the last axis: the shift by half a cell is a phase of the spectrum."""
    n = coefficients.shape[-1]
    phase = jnp.pi / (2 * n) * jnp.arange(n, dtype=jnp.float64)[None, :]
    scaled = coefficients * jnp.full(n, 0.5**0.5).at[0].set(1.0)[None, :]
    spectrum = jax.lax.complex(scaled * jnp.cos(phase), scaled * jnp.sin(phase))
    return jnp.fft.irfft(spectrum, n=2 * n, norm="forward")[..., :n]


def gaussian_field(
    key: Key[Array, ""], shape: tuple[int, int], *, alpha: float, tau: float, centring: Centring = "nodes"
) -> Float[Array, "height width"]:
    """One sample of the field on nodes or cell centres of the unit square, float64 (call it with x64 enabled)."""
    coefficients = amplitudes(shape, alpha, tau) * jax.random.normal(key, shape, jnp.float64)
    return on_nodes(coefficients) if centring == "nodes" else on_cells(coefficients)
