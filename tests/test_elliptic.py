import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import diags_array
from scipy.sparse.linalg import spsolve

from pde.elliptic import solve


def solve_in_float64(coefficient, source, spacing, **options):
    with jax.enable_x64(True):
        a, f = jnp.asarray(coefficient, jnp.float64), jnp.asarray(source, jnp.float64)
        solved = solve(a, f, spacing=spacing, **options)
        return solved._replace(solution=np.asarray(solved.solution))


def direct_solution(a, f, spacing):
    """The same scheme assembled entry by entry and solved by SuperLU."""
    rows, columns = a.shape[0] - 2, a.shape[1] - 2
    hx, hy = spacing
    west, east = (a[1:-1, 1:-1] + a[:-2, 1:-1]) / (2 * hx**2), (a[1:-1, 1:-1] + a[2:, 1:-1]) / (2 * hx**2)
    south, north = (a[1:-1, 1:-1] + a[1:-1, :-2]) / (2 * hy**2), (a[1:-1, 1:-1] + a[1:-1, 2:]) / (2 * hy**2)
    inner_north, inner_south = north.copy(), south.copy()
    inner_north[:, -1] = inner_south[:, 0] = 0  # the border is known
    matrix = diags_array(
        [
            (west + east + south + north).ravel(),
            -east.ravel()[:-columns],
            -west.ravel()[columns:],
            -inner_north.ravel()[:-1],
            -inner_south.ravel()[1:],
        ],
        offsets=[0, columns, -columns, 1, -1],
    )
    inner = spsolve(matrix.tocsc(), f[1:-1, 1:-1].ravel())
    return np.pad(inner.reshape(rows, columns), 1)


@pytest.mark.parametrize("shape", [(33, 33), (20, 47)])
@pytest.mark.parametrize("contrast", [1.0, 4.0, 100.0])
def test_agrees_with_a_direct_solver(shape, contrast):
    generator = np.random.default_rng(0)
    a = np.where(generator.uniform(size=shape) < 0.5, 1.0, contrast)
    f = generator.normal(size=shape)
    spacing = (1 / (shape[0] - 1), 2 / (shape[1] - 1))
    solved = solve_in_float64(a, f, spacing)
    expected = direct_solution(a, f, spacing)
    assert solved.converged
    np.testing.assert_allclose(solved.solution, expected, atol=1e-8 * np.abs(expected).max())


def test_the_exact_maximum_for_unit_coefficient_and_source():
    """Poisson on the unit square: max u = 0.0736713 (series), and 0.0736710 on 421 nodes."""
    n = 421
    solved = solve_in_float64(np.ones((n, n)), np.ones((n, n)), (1 / (n - 1), 1 / (n - 1)))
    assert solved.solution.max() == pytest.approx(0.0736713, abs=4e-7)
    assert solved.solution.max() == pytest.approx(0.0736710, abs=1e-7)


def test_second_order_on_a_manufactured_solution():
    """u = sin(pi x) sin(2 pi y), a = 1 + x y / 2: the error falls by four where the spacing halves."""

    def error(n):
        x, y = np.linspace(0, 1, n)[:, None], np.linspace(0, 1, n)[None, :]
        u = np.sin(np.pi * x) * np.sin(2 * np.pi * y)
        a = 1 + x * y / 2
        u_x = np.pi * np.cos(np.pi * x) * np.sin(2 * np.pi * y)
        u_y = 2 * np.pi * np.sin(np.pi * x) * np.cos(2 * np.pi * y)
        f = 5 * np.pi**2 * a * u - (y / 2) * u_x - (x / 2) * u_y
        return np.abs(solve_in_float64(a, f, (1 / (n - 1), 1 / (n - 1))).solution - u).max()

    errors = [error(n) for n in (17, 33, 65)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(orders, 2, atol=0.05)


def test_the_reported_residual_is_the_true_one():
    """Recomputed from the solution by differences of face fluxes in NumPy."""
    generator = np.random.default_rng(1)
    a, f, h = np.exp(generator.normal(size=(40, 40))), np.ones((40, 40)), 1 / 39
    solved = solve_in_float64(a, f, (h, h), tolerance=1e-6)
    flux_x = (a[1:] + a[:-1]) / 2 * np.diff(solved.solution, axis=0) / h
    flux_y = (a[:, 1:] + a[:, :-1]) / 2 * np.diff(solved.solution, axis=1) / h
    left = f[1:-1, 1:-1] + (np.diff(flux_x[:, 1:-1], axis=0) + np.diff(flux_y[1:-1], axis=1)) / h
    true = np.linalg.norm(left) / np.linalg.norm(f[1:-1, 1:-1])
    assert true < 1e-6
    assert true == pytest.approx(float(solved.residual), rel=1e-3)


def test_giving_up_is_said():
    a = np.where(np.random.default_rng(0).uniform(size=(20, 20)) < 0.5, 1.0, 1e6)
    assert not solve_in_float64(a, np.ones((20, 20)), (0.1, 0.1), max_iterations=3).converged


def test_a_residual_beyond_float64_is_not_called_converged_and_leaves_no_field():
    a = np.where(np.random.default_rng(0).uniform(size=(20, 20)) < 0.5, 1.0, 12.0)
    solved = solve_in_float64(a, np.ones((20, 20)), (0.1, 0.1), tolerance=1e-18)
    assert not solved.converged
    assert np.isnan(solved.solution[1:-1, 1:-1]).all()


def test_a_zero_source_gives_zero():
    solved = solve_in_float64(np.ones((8, 8)), np.zeros((8, 8)), (0.1, 0.1))
    assert solved.converged
    assert not solved.solution.any()
