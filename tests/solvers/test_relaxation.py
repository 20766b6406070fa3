"""Over-relaxation keeps the solution, and every sweep lowers the energy norm of the error."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manojax.layers.coordinates import interpolate
from pde.solvers.conductances import apply, conductances
from pde.solvers.elliptic import solve
from pde.solvers.relaxation import relax
from tests.cases import slow

SPACING = (0.05, 0.04)


@pytest.fixture(scope="module", params=[(21, 26), slow((22, 21))])
def problem(request):
    """A coefficient of contrast 50 on a grid, and its solution, float64."""
    numbers = np.random.default_rng(3).random(request.param)
    a = np.where(numbers > 0.5, 50.0, 1.0)
    with jax.enable_x64(True):
        return a, np.asarray(solve(jnp.asarray(a), jnp.ones(a.shape), spacing=SPACING, tolerance=1e-13).solution)


def relaxed(a, start, length, dtype=jnp.float64):
    with jax.enable_x64(True):
        return np.asarray(relax(jnp.asarray(a, dtype), jnp.asarray(start, dtype), spacing=SPACING, length=length))


def energy(a, error):
    with jax.enable_x64(True):
        c = conductances(jnp.asarray(a), SPACING)
        return float(jnp.vdot(error[1:-1, 1:-1], apply(c, jnp.asarray(error[1:-1, 1:-1]))) ** 0.5)


@pytest.mark.parametrize("length", [slow(1), 2, slow(7), 30])
def test_the_solution_stays(problem, length):
    a, u = problem
    np.testing.assert_allclose(relaxed(a, u, length), u, atol=1e-10 * abs(u).max())


@pytest.mark.parametrize("length", [1, 2, 7, 14])
def test_the_energy_of_the_error_falls(problem, length):
    """Also for the roughest start; its border counts as zero."""
    a, u = problem
    start = u + np.random.default_rng(0).normal(size=u.shape) * abs(u).max()
    start[[0, -1]] = start[:, [0, -1]] = 0
    assert energy(a, relaxed(a, start, length) - u) < 0.7 * energy(a, start - u)


@pytest.mark.slow
def test_the_error_of_an_interpolation_falls_fast_in_single_precision():
    """A cubic spline through every eighth node: its error falls to less than half."""
    n, length = 65, 8
    numbers = np.random.default_rng(5).random((9, 9))
    a = np.where(np.kron(numbers, np.ones((8, 8)))[: n - 1, : n - 1] > 0.5, 12.0, 3.0)
    a = np.pad(a, (0, 1), mode="edge")
    with jax.enable_x64(True):
        u = np.asarray(solve(jnp.asarray(a), jnp.ones(a.shape), spacing=SPACING).solution)
    nodes = np.arange(float(n))
    known = u[None, ::length, ::length, None]
    start = interpolate(known, (nodes[::length],) * 2, (nodes,) * 2)[0, ..., 0]
    found = relaxed(a, start, length, jnp.float32)
    assert found.dtype == np.float32
    assert np.linalg.norm(found - u) < np.linalg.norm(start - u) / 2
