"""Gaussian random fields on the unit square by their cosine series.

The covariance lx ly tau^(2 alpha - 2) (-lx^2 d^2/dx^2 - ly^2 d^2/dy^2 + tau^2)^(-alpha) with zero Neumann
conditions has the eigenfunctions phi_k(x) phi_l(y), phi_0 = 1, phi_k(x) = sqrt(2) cos(pi k x), so that

    g(x, y) = sum_{k < height, l < width} s_kl xi_kl phi_k(x) phi_l(y),
    s_kl = sqrt(lx ly) tau^(alpha-1) (pi^2 (lx^2 k^2 + ly^2 l^2) + tau^2)^(-alpha/2),

with independent unit normals xi and s_00 = 0 (the mean of g over the square is zero). The correlation reaches
about lx/tau along x and ly/tau along y: lengths (c, c) are the same as tau/c.

The factors before the brackets keep the variance: in the plane it would be 1/(4 pi (alpha - 1)) for any tau and
lengths if alpha > 1; for alpha <= 1 it grows with the grid without bound. On the square it varies: with alpha = 2,
tau = 3 and equal lengths it is smallest at the centre and largest in the corners.

Source: the field of Li et al., arXiv 2010.08895, appendix A.3, where lx = ly = 1.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Key

from pde.grids.grid import Centring
from pde.random_fields.laws import exact
from pde.system.errors import check_positive


def amplitudes(
    shape: tuple[int, int],
    alpha: float,
    tau: float | Float[Array, ""],
    lengths: tuple[float, float] = (1.0, 1.0),
) -> Float[Array, "k l"]:
    """Standard deviations s_kl of the coefficients of the orthonormal cosines."""
    k, l = (length * jnp.arange(n, dtype=jnp.float64) for n, length in zip(shape, lengths, strict=True))  # noqa: E741
    squares = k[:, None] ** 2 + l[None, :] ** 2
    scale = tau ** (alpha - 1) * (jnp.pi**2 * squares + tau**2) ** (-alpha / 2)
    return (lengths[0] * lengths[1]) ** 0.5 * scale.at[0, 0].set(0.0)


def on_nodes(coefficients: Float[Array, "k l"]) -> Float[Array, "k l"]:
    """sum_kl c_kl phi_k(x_i) phi_l(y_j) on the nodes x_i = i/(n-1): a DCT-I along each axis."""
    return _sum_on_nodes(_sum_on_nodes(coefficients.T).T)


def on_cells(coefficients: Float[Array, "k l"]) -> Float[Array, "k l"]:
    """sum_kl c_kl phi_k(x_i) phi_l(y_j) at the cell centres x_i = (i + 1/2)/n: a DCT-III along each axis."""
    return _sum_on_cells(_sum_on_cells(coefficients.T).T)


def _sum_on_nodes(coefficients: Float[Array, "row k"]) -> Float[Array, "row k"]:
    """sum_k c_k phi_k(i/(n-1)) along the last axis, by the inverse transform of a real, even spectrum."""
    last = coefficients.shape[-1] - 1
    inner = jnp.full(last + 1, 0.5**0.5).at[0].set(1.0).at[last].set(2**0.5)
    return jnp.fft.irfft(coefficients * inner[None, :], n=2 * last, norm="forward")[..., : last + 1]


def _sum_on_cells(coefficients: Float[Array, "row k"]) -> Float[Array, "row k"]:
    """sum_k c_k phi_k((i + 1/2)/n) along the last axis: as on 2n nodes, shifted by half a step in the phases."""
    n = coefficients.shape[-1]
    scaled = coefficients * jnp.full(n, 0.5**0.5).at[0].set(1.0)[None, :]
    shift = jnp.pi / (2 * n) * jnp.arange(n, dtype=jnp.float64)[None, :]
    spectrum = jax.lax.complex(scaled * jnp.cos(shift), scaled * jnp.sin(shift))
    return jnp.fft.irfft(spectrum, n=2 * n, norm="forward")[..., :n]


def gaussian_field(
    key: Key[Array, ""],
    shape: tuple[int, int],
    *,
    alpha: float,
    tau: float | Float[Array, ""],
    lengths: tuple[float, float] = (1.0, 1.0),
    centring: Centring = "nodes",
) -> Float[Array, "height width"]:
    """One sample of the field on the unit square, in float64 (call it with x64 enabled).

    Args:
        key: key of the random numbers; the same key and shape draw the same xi for every law and centring.
        shape: points along x and along y.
        alpha: smoothness: the power of the covariance; s falls off as k^-alpha.
        tau: inverse length scale, in 1 / side of the square.
        lengths: lx and ly, which stretch the correlation along each axis.
        centring: kind of the points: nodes i/(n-1), borders included, or cell centres (i + 1/2)/n.
    """
    normals = jax.random.normal(key, shape, jnp.float64)
    evaluate = on_nodes if centring == "nodes" else on_cells
    return evaluate(amplitudes(shape, alpha, tau, lengths) * normals)


def check_options(alpha: float, tau: float, lengths: tuple[float, float] = (1.0, 1.0)) -> None:
    """Raise InputError for invalid options of the field."""
    check_positive("alpha", alpha, most=50.0)
    check_positive("tau", tau, most=1e4)
    check_positive("lengths", *lengths)


def describe_field(
    alpha: float, tau: float | None, lengths: tuple[float, float] = (1.0, 1.0), centring: Centring = "nodes"
) -> str:
    """The law of the field in words, as data files hold it; without a tau, it is drawn for each sample."""
    covariance, stretch = "tau^(2 alpha - 2) (-Laplace + tau^2)^(-alpha)", ""
    if lengths != (1, 1):
        covariance = "lx ly tau^(2 alpha - 2) (-lx^2 d^2/dx^2 - ly^2 d^2/dy^2 + tau^2)^(-alpha)"
        stretch = f"lx = {exact(lengths[0])}, ly = {exact(lengths[1])}, "
    scale = "" if tau is None else f"tau = {exact(tau)}, "
    return (
        f"Gaussian, covariance {covariance}, Neumann, alpha = {exact(alpha)}, {scale}{stretch}"
        f"cosine series on {centring}"
    )
