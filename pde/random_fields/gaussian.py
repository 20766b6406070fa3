"""Gaussian random fields on the unit square, or the interval or the cube, by their cosine series.

The covariance lx ly tau^(2 alpha - 2) (-lx^2 d^2/dx^2 - ly^2 d^2/dy^2 + tau^2)^(-alpha) with zero Neumann
conditions has the eigenfunctions phi_k(x) phi_l(y), phi_0 = 1, phi_k(x) = sqrt(2) cos(pi k x), so that

    g(x, y) = sum_{k < height, l < width} s_kl xi_kl phi_k(x) phi_l(y),
    s_kl = sqrt(lx ly) tau^(alpha-1) (pi^2 (lx^2 k^2 + ly^2 l^2) + tau^2)^(-alpha/2),

with independent unit normals xi and s_00 = 0 (the mean of g over the square is zero). The correlation reaches
about lx/tau along x and ly/tau along y: lengths (c, c) are the same as tau/c. On d axes the powers of tau before
the brackets are 2 alpha - d and alpha - d/2.

The factors before the brackets keep the variance: in the plane it would be 1/(4 pi (alpha - 1)) for any tau and
lengths if alpha > 1; for alpha <= 1 it grows with the grid without bound. On the square it varies: with alpha = 2,
tau = 3 and equal lengths it is smallest at the centre and largest in the corners.

Source: the field of Li et al., arXiv 2010.08895, appendix A.3, where lx = ly = 1.
"""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Key

from pde.grids.grid import Centring
from pde.random_fields.laws import exact
from pde.system.errors import check_positive


def amplitudes(
    shape: tuple[int, ...],
    alpha: float,
    tau: float | Float[Array, ""],
    lengths: tuple[float, ...] = (1.0, 1.0),
) -> Float[Array, "*k"]:
    """Standard deviations s_kl of the coefficients of the orthonormal cosines."""
    waves = [length * jnp.arange(n, dtype=jnp.float64) for n, length in zip(shape, lengths, strict=True)]
    squares = functools.reduce(jnp.add, jnp.ix_(*(wave**2 for wave in waves)))
    scale = tau ** (alpha - len(shape) / 2) * (jnp.pi**2 * squares + tau**2) ** (-alpha / 2)
    return math.prod(lengths) ** 0.5 * scale.at[(0,) * len(shape)].set(0.0)


def on_nodes(coefficients: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """sum_kl c_kl phi_k(x_i) phi_l(y_j) on the nodes x_i = i/(n-1): a DCT-I along each axis."""
    return _along_each_axis(_sum_on_nodes, coefficients)


def on_cells(coefficients: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """sum_kl c_kl phi_k(x_i) phi_l(y_j) at the cell centres x_i = (i + 1/2)/n: a DCT-III along each axis."""
    return _along_each_axis(_sum_on_cells, coefficients)


def _along_each_axis(transform: Callable[[Array], Array], coefficients: Float[Array, "*k"]) -> Float[Array, "*k"]:
    for axis in range(coefficients.ndim):
        coefficients = jnp.moveaxis(transform(jnp.moveaxis(coefficients, axis, -1)), -1, axis)
    return coefficients


def _sum_on_nodes(coefficients: Float[Array, "*rows k"]) -> Float[Array, "*rows k"]:
    """sum_k c_k phi_k(i/(n-1)) along the last axis, by the inverse transform of a real, even spectrum."""
    last = coefficients.shape[-1] - 1
    inner = jnp.full(last + 1, 0.5**0.5).at[0].set(1.0).at[last].set(2**0.5)
    scaled = coefficients * _row(inner, coefficients.ndim)
    return jnp.fft.irfft(scaled, n=2 * last, norm="forward")[..., : last + 1]


def _sum_on_cells(coefficients: Float[Array, "*rows k"]) -> Float[Array, "*rows k"]:
    """sum_k c_k phi_k((i + 1/2)/n) along the last axis: as on 2n nodes, shifted by half a step in the phases."""
    n, axes = coefficients.shape[-1], coefficients.ndim
    scaled = coefficients * _row(jnp.full(n, 0.5**0.5).at[0].set(1.0), axes)
    shift = _row(jnp.pi / (2 * n) * jnp.arange(n, dtype=jnp.float64), axes)
    spectrum = jax.lax.complex(scaled * jnp.cos(shift), scaled * jnp.sin(shift))
    return jnp.fft.irfft(spectrum, n=2 * n, norm="forward")[..., :n]


def _row(values: Float[Array, " k"], axes: int) -> Float[Array, "*ones k"]:
    return values.reshape(*[1] * (axes - 1), -1)


def gaussian_field(
    key: Key[Array, ""],
    shape: tuple[int, ...],
    *,
    alpha: float,
    tau: float | Float[Array, ""],
    lengths: tuple[float, ...] | None = None,
    centring: Centring = "nodes",
) -> Float[Array, "*grid"]:
    """One sample of the field on the unit square, interval or cube, in float64 (call it with x64 enabled).

    Args:
        key: key of the random numbers; the same key and shape draw the same xi for every law and centring.
        shape: points along each axis.
        alpha: smoothness: the power of the covariance; s falls off as k^-alpha.
        tau: inverse length scale, in 1 / side of the square.
        lengths: lx and ly, which stretch the correlation along each axis; by default 1.
        centring: kind of the points: nodes i/(n-1), borders included, or cell centres (i + 1/2)/n.
    """
    normals = jax.random.normal(key, shape, jnp.float64)
    evaluate = on_nodes if centring == "nodes" else on_cells
    return evaluate(amplitudes(shape, alpha, tau, lengths or (1.0,) * len(shape)) * normals)


def check_options(alpha: float, tau: float, lengths: tuple[float, float] = (1.0, 1.0)) -> None:
    """Raise InputError for invalid options of the field."""
    check_positive("alpha", alpha, most=50.0)
    check_positive("tau", tau, most=1e4)
    check_positive("lengths", *lengths)


def describe_field(
    alpha: float,
    tau: float | None,
    lengths: tuple[float, float] = (1.0, 1.0),
    centring: Centring = "nodes",
    *,
    axes: int = 2,
) -> str:
    """The law of the field in words, as data files hold it; without a tau, it is drawn for each sample."""
    covariance, stretch = f"tau^(2 alpha - {axes}) (-Laplace + tau^2)^(-alpha)", ""
    if lengths != (1, 1):
        covariance = "lx ly tau^(2 alpha - 2) (-lx^2 d^2/dx^2 - ly^2 d^2/dy^2 + tau^2)^(-alpha)"
        stretch = f"lx = {exact(lengths[0])}, ly = {exact(lengths[1])}, "
    scale = "" if tau is None else f"tau = {exact(tau)}, "
    return (
        f"Gaussian, covariance {covariance}, Neumann, alpha = {exact(alpha)}, {scale}{stretch}"
        f"cosine series on {centring}"
    )
