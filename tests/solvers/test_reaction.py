"""The term c u of -div(a grad u) + c u = f."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.elliptic import solve
from tests.solvers.test_elliptic import random_problem


def solved(a, f, c, spacing, **options):
    with jax.enable_x64(True):
        run = jax.jit(lambda a, f, c: solve(a, f, reaction=c, spacing=spacing, **options))
        return jax.tree.map(np.asarray, run(*map(jnp.asarray, (a, f, c))))


def left_over(a, f, c, u, spacing):
    """f + div(a grad u) - c u at the inner nodes, as the scheme's definition reads."""
    found = (f - c * u)[1:-1, 1:-1]
    for axis, h in enumerate(spacing):
        moved, values = (np.moveaxis(field, axis, 0) for field in (a, u))
        flux = (moved[1:] + moved[:-1]) / 2 * np.diff(values, axis=0) / h
        found = found + np.moveaxis((np.diff(flux, axis=0) / h)[:, 1:-1], 0, axis)
    return found


@pytest.mark.parametrize("shape", [(33, 33), (24, 41)])
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_the_solution_solves_the_scheme(shape, size):
    a, f, _ = random_problem(shape, "nodes", "two-phase", 1e3, 0)
    c = size * np.random.default_rng(1).uniform(size=shape) * (np.indices(shape).sum(axis=0) % 3 > 0)
    spacing = (1 / (shape[0] - 1), 2 / (shape[1] - 1))
    found = solved(a, f, c, spacing)
    assert found.converged
    rest = left_over(a, f, c, found.solution, spacing)
    assert np.linalg.norm(rest) <= 1e-9 * np.linalg.norm(f[1:-1, 1:-1])
    assert not np.any(found.solution[[0, -1]])


@pytest.mark.parametrize("centring", ["nodes", "cells"])
def test_second_order_on_a_manufactured_solution(centring):
    """u = sin(pi x) sin(2 pi y), a = 1, c = 50 (1 + x y)."""

    def error(cells):
        points = np.linspace(0, 1, cells + 1) if centring == "nodes" else (np.arange(cells) + 0.5) / cells
        x, y = points[:, None], points[None, :]
        u, c = np.sin(np.pi * x) * np.sin(2 * np.pi * y), 50 * (1 + x * y)
        found = solved(np.ones_like(u), (5 * np.pi**2 + c) * u, c, (1 / cells,) * 2, centring=centring)
        return np.sqrt(np.mean((found.solution - u) ** 2))

    assert np.log2(error(16) / error(32)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("size", [1e-2, 1e2, 1e5, 1e9])
def test_a_reaction_takes_no_more_iterations(size):
    a, _, _ = random_problem((65, 65), "nodes", "two-phase", 1e3, 0)
    f, spacing = np.ones_like(a), (1 / 64, 1 / 64)
    plain, with_reaction = (solved(a, f, c * np.ones_like(a), spacing) for c in (0.0, size))
    assert with_reaction.converged
    assert with_reaction.iterations <= plain.iterations
    assert np.all(with_reaction.solution[1:-1, 1:-1] > 0)
    assert np.all(with_reaction.solution[1:-1, 1:-1] < plain.solution[1:-1, 1:-1])


def test_a_large_reaction_leaves_its_quotient():
    a, _, _ = random_problem((33, 33), "nodes", "log-normal", 10.0, 0)
    f = 2 + np.sin(np.arange(33.0))[:, None] * np.ones_like(a)
    found = solved(a, f, 1e9 * np.ones_like(a), (1 / 32, 1 / 32))
    np.testing.assert_allclose(found.solution[1:-1, 1:-1], f[1:-1, 1:-1] / 1e9, rtol=1e-3)


def test_no_reaction_is_one_of_zero():
    a, f, g = random_problem((24, 17), "nodes", "two-phase", 100.0, 0)
    with jax.enable_x64(True):
        plain = solve(*map(jnp.asarray, (a, f)), spacing=(0.1, 0.1), border=jnp.asarray(g), tolerance=1e-12)
        border = jnp.asarray(g)
    zero = solved(a, f, np.zeros_like(a), (0.1, 0.1), border=border, tolerance=1e-12)
    np.testing.assert_allclose(zero.solution, plain.solution, rtol=0, atol=1e-11 * np.abs(g).max())


def test_the_gradient_is_that_of_central_differences():
    a, f, _ = random_problem((12, 13), "nodes", "log-normal", 100.0, 0)
    generator = np.random.default_rng(2)
    c, direction, weights = 100 * generator.uniform(size=a.shape), *generator.normal(size=(2, *a.shape))

    def value(c):
        options = {"spacing": (0.1, 0.1), "tolerance": 1e-13}
        return jnp.vdot(weights, solve(jnp.asarray(a), jnp.asarray(f), reaction=c, **options).solution)

    with jax.enable_x64(True):
        compiled = jax.jit(value)
        gradient = np.asarray(jax.jit(jax.grad(value))(jnp.asarray(c)))
        up, down = (float(compiled(jnp.asarray(c + by * direction))) for by in (1e-3, -1e-3))
    assert not gradient[0].any()  # no equation reads the border
    assert np.vdot(gradient, direction) == pytest.approx((up - down) / 2e-3, rel=1e-5)
