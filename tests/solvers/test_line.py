"""The exact sum of the scheme along one axis, beside integrals, a dense matrix and a smooth solution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.line import edges_in_series, edges_of, solve_line


def solved(edges, source, spacing):
    with jax.enable_x64(True):
        fields = (jnp.asarray(field, jnp.float64) for field in (edges, source))
        return np.asarray(solve_line(*fields, spacing))


def test_a_coefficient_that_is_constant_on_each_edge_gives_the_exact_integral():
    """u(x) = -int q/a with q(x) = q0 + x, on contrasts of a million."""
    n = 40
    edges, x = 10 ** np.random.default_rng(0).uniform(-3, 3, n), np.linspace(0, 1, n + 1)
    whole, first = (np.sum(np.diff(x**power) / power / edges) for power in (1, 2))
    drops = (-first / whole) * np.diff(x) / edges + np.diff(x**2) / 2 / edges
    exact = np.concatenate([[0], -np.cumsum(drops)])
    np.testing.assert_allclose(solved(edges, np.ones(n + 1), 1 / n), exact, atol=1e-12 * np.abs(exact).max())


def test_it_is_the_solution_of_the_scheme():
    n, random = 12, np.random.default_rng(1)
    edges, source = random.uniform(1, 10, n), random.normal(size=n + 1)
    matrix = np.diag(edges[:-1] + edges[1:]) - np.diag(edges[1:-1], 1) - np.diag(edges[1:-1], -1)
    expected = np.linalg.solve(matrix * n**2, source[1:-1])
    np.testing.assert_allclose(solved(edges, source, 1 / n)[1:-1], expected, atol=1e-13)


@pytest.mark.parametrize("faces", ["harmonic", "arithmetic"])
def test_a_smooth_coefficient_gives_second_order(faces):
    """u = sin(pi x) and a = 1 + x^2."""

    def error(n):
        x = np.linspace(0, 1, n + 1)
        source = np.pi**2 * (1 + x**2) * np.sin(np.pi * x) - 2 * np.pi * x * np.cos(np.pi * x)
        with jax.enable_x64(True):
            edges = edges_of(jnp.asarray(1 + x**2), faces)
        return np.abs(solved(edges, source, 1 / n) - np.sin(np.pi * x)).max()

    assert error(64) < 1e-3
    assert error(64) / error(128) == pytest.approx(4, rel=0.05)


def test_edges_in_series_keep_the_resistance():
    a = jnp.asarray(np.random.default_rng(2).uniform(1, 100, 13), jnp.float32)
    fine, coarse = edges_of(a, "harmonic"), edges_in_series(a, 4)
    np.testing.assert_allclose(4 / coarse, (1 / np.asarray(fine)).reshape(3, 4).sum(axis=1), rtol=1e-5)
