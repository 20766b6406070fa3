"""-div(a grad u) = f with u = 0 on the border of a node grid: five-point scheme and its solver.

The grid holds the border. A face between two nodes carries the arithmetic mean of their coefficients. Everything
is float64: call these functions with x64 enabled.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

Field = Float[Array, "height width"]
Inner = Float[Array, "inner_height inner_width"]


class Solve(NamedTuple):
    """A solution with its relative residual ||f - A u|| / ||f||, computed anew from the solution."""

    solution: Float[Array, "height width"]
    residual: Float[Array, ""]
    iterations: Int[Array, ""]
    converged: Bool[Array, ""]


def solve(
    coefficient: Field,
    source: Field,
    *,
    spacing: tuple[float, float],
    tolerance: float = 1e-10,
    max_iterations: int = 500,
) -> Solve:
    """Conjugate gradients preconditioned by a fast Poisson solve.

    The condition number is at most max(a) / min(a), whatever the grid, so the iteration count grows with the
    contrast and not with the resolution.

    Args:
        coefficient: a > 0 on all nodes.
        source: f on all nodes; border values are not used.
        spacing: distance of neighbouring nodes along each axis.
        tolerance: relative residual to reach.
        max_iterations: where to give up; the result then has `converged` False.
    """
    faces = _arithmetic_faces(coefficient, spacing)
    right = source[1:-1, 1:-1]
    scale = jnp.linalg.norm(right)
    poisson = _poisson_eigenvalues(right.shape, spacing)

    def unfinished(state):
        _, residual, _, _, iterations = state
        return (jnp.linalg.norm(residual) > tolerance * scale) & (iterations < max_iterations)

    def iterate(state):
        u, residual, direction, rho, iterations = state
        image = _apply(faces, direction)
        step = rho / jnp.vdot(direction, image)
        u, residual = u + step * direction, residual - step * image
        preconditioned = _solve_poisson(poisson, residual)
        rho_next = jnp.vdot(residual, preconditioned)
        return u, residual, preconditioned + (rho_next / rho) * direction, rho_next, iterations + 1

    first = _solve_poisson(poisson, right)
    state = (jnp.zeros_like(right), right, first, jnp.vdot(right, first), jnp.int32(0))
    u, residual, _, _, iterations = jax.lax.while_loop(unfinished, iterate, state)
    reached = jnp.linalg.norm(residual) <= tolerance * scale
    true = jnp.linalg.norm(right - _apply(faces, u)) / jnp.where(scale > 0, scale, 1.0)
    # Rounding parts the true residual from the iteration's; far apart, the contrast is beyond float64.
    return Solve(jnp.pad(u, 1), true, iterations, reached & (true <= 10 * tolerance))


def _arithmetic_faces(a: Field, spacing: tuple[float, float]) -> tuple[Array, Array]:
    """Face coefficients over the squared spacing: (height-1, width-2) along x, (height-2, width-1) along y."""
    hx, hy = spacing
    along_x = (a[1:, 1:-1] + a[:-1, 1:-1]) / (2 * hx**2)
    along_y = (a[1:-1, 1:] + a[1:-1, :-1]) / (2 * hy**2)
    return along_x, along_y


def _apply(faces: tuple[Array, Array], u: Inner) -> Inner:
    along_x, along_y = faces
    flux_x = along_x * jnp.diff(jnp.pad(u, ((1, 1), (0, 0))), axis=0)
    flux_y = along_y * jnp.diff(jnp.pad(u, ((0, 0), (1, 1))), axis=1)
    return -jnp.diff(flux_x, axis=0) - jnp.diff(flux_y, axis=1)


def _poisson_eigenvalues(shape: tuple[int, ...], spacing: tuple[float, float]) -> Inner:
    """Eigenvalues of the five-point scheme for a = 1; its eigenvectors are products of sines."""
    x, y = (
        (2 - 2 * jnp.cos(jnp.pi * jnp.arange(1, n + 1, dtype=jnp.float64) / (n + 1))) / h**2
        for n, h in zip(shape, spacing, strict=True)
    )
    return x[:, None] + y[None, :]


def _solve_poisson(eigenvalues: Inner, right: Inner) -> Inner:
    transformed = _sine_sum(_sine_sum(right).T).T / eigenvalues
    points = [n + 1 for n in right.shape]
    return _sine_sum(_sine_sum(transformed).T).T / (4 * points[0] * points[1])


def _sine_sum(v: Float[Array, "row n"]) -> Float[Array, "row n"]:
    """-2 sum_j v_j sin(pi j k/(n+1)) along the last axis: the transform of the odd extension is imaginary."""
    border = jnp.zeros((v.shape[0], 1), v.dtype)
    odd = jnp.concatenate([border, v, border, -v[:, ::-1]], axis=1)
    return jnp.fft.rfft(odd, axis=1).imag[:, 1:-1]
