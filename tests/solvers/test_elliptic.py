"""The public solver against an independent assembly, exact solutions and the maximum principle."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from pde.random_fields.gaussian import gaussian_field
from pde.solvers.elliptic import solve
from tests.cases import slow

OPTIONS = ("spacing", "faces", "centring", "tolerance", "max_iterations", "precision")
compiled = jax.jit(solve, static_argnames=OPTIONS)


def solve_in_float64(coefficient, source, spacing, **options):
    with jax.enable_x64(True):
        if "border" in options:
            options["border"] = jnp.asarray(options["border"], jnp.float64)
        if "guess" in options:
            options["guess"] = jnp.asarray(options["guess"], jnp.float64)
        a, f = jnp.asarray(coefficient, jnp.float64), jnp.asarray(source, jnp.float64)
        return jax.tree.map(np.asarray, compiled(a, f, spacing=spacing, **options))


def direct_solution(a, f, g, spacing, faces, centring):
    """The scheme as its definition reads, one unknown and one face after the other, solved by SuperLU.

    Points are numbered as in the border array; on cells a neighbour on the border is half a spacing away and the
    face to it takes the cell's own coefficient.
    """

    def mean(p, q):
        return (p + q) / 2 if faces == "arithmetic" else 2 / (1 / p + 1 / q)

    shift = 0 if centring == "nodes" else 1  # from a point of the border array to one of the coefficient
    rows, columns = g.shape[0] - 2, g.shape[1] - 2
    entries, right = {}, np.zeros(rows * columns)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            unknown = (i - 1) * columns + j - 1
            right[unknown] = f[i - shift, j - shift]
            own = a[i - shift, j - shift]
            entries[unknown, unknown] = 0.0
            for m, n, h in ((i - 1, j, 0), (i + 1, j, 0), (i, j - 1, 1), (i, j + 1, 1)):
                inside = 1 <= m <= rows and 1 <= n <= columns
                if centring == "cells" and not inside:
                    conductance = own / (spacing[h] / 2) / spacing[h]
                else:
                    conductance = mean(own, a[m - shift, n - shift]) / spacing[h] ** 2
                entries[unknown, unknown] += conductance
                if inside:
                    entries[unknown, (m - 1) * columns + n - 1] = -conductance
                else:
                    right[unknown] += conductance * g[m, n]
    places = np.array(list(entries)).T
    matrix = csc_array((np.array(list(entries.values())), (places[0], places[1])))
    inner = splu(matrix).solve(right).reshape(rows, columns)
    if centring == "cells":
        return inner
    u = g.copy()
    u[1:-1, 1:-1] = inner
    return u


# Prime, even, odd, rectangular either way; the spacings differ too.
VARIANTS = [
    slow((17, 17), "nodes", "arithmetic"),
    ((23, 30), "nodes", "harmonic"),
    slow((32, 32), "cells", "arithmetic"),
    ((41, 19), "cells", "harmonic"),
    ((64, 33), "nodes", "arithmetic"),
]


def random_problem(shape, centring, law, contrast, seed):
    """A coefficient of that contrast on a Gaussian field; normal source and border values, point by point."""
    with jax.enable_x64(True):
        g = np.asarray(gaussian_field(jax.random.key(seed), shape, alpha=2.0, tau=3.0))
    a = np.where(g < 0, 1.0, contrast) if law == "two-phase" else np.exp(np.log(contrast) / np.ptp(g) * g)
    generator = np.random.default_rng(seed)
    border = shape if centring == "nodes" else (shape[0] + 2, shape[1] + 2)
    return a, generator.normal(size=shape), generator.normal(size=border)


LAWS = [("two-phase", 4.0), ("two-phase", 1e3), ("log-normal", 1e3), ("log-normal", 1e6)]


@pytest.mark.parametrize(("shape", "centring", "faces"), VARIANTS)
def test_agrees_with_a_direct_solver_on_random_problems(shape, centring, faces):
    """Four problems a variant, twenty in all."""
    spacing = (1 / shape[0], 2 / shape[1])
    for seed, (law, contrast) in enumerate(LAWS, start=4 * shape[0]):
        a, f, g = random_problem(shape, centring, law, contrast, seed)
        solved = solve_in_float64(a, f, spacing, border=g, faces=faces, centring=centring)
        expected = direct_solution(a, f, g, spacing, faces, centring)
        assert solved.converged
        np.testing.assert_allclose(solved.solution, expected, rtol=0, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("faces", ["arithmetic", slow("harmonic")])
@pytest.mark.parametrize("centring", ["nodes", "cells"])
def test_second_order_on_a_manufactured_solution(centring, faces):
    """u = e^x sin(2 y + 1/2), a = 1 + x^2 y / 2: half the spacing, a quarter of the RMS error."""

    def u(x, y):
        return np.exp(x) * np.sin(2 * y + 0.5)

    def error(cells):
        h = 1 / cells
        inner = np.linspace(0, 1, cells + 1) if centring == "nodes" else (np.arange(cells) + 0.5) * h
        outer = inner if centring == "nodes" else np.concatenate([[0.0], inner, [1.0]])
        x, y = inner[:, None], inner[None, :]
        a, u_x, u_y = 1 + x**2 * y / 2, u(x, y), 2 * np.exp(x) * np.cos(2 * y + 0.5)
        f = 3 * a * u(x, y) - x * y * u_x - x**2 / 2 * u_y  # u_xx + u_yy = -3 u
        border = u(outer[:, None], outer[None, :])
        solved = solve_in_float64(a, f, (h, h), border=border, faces=faces, centring=centring)
        return np.sqrt(np.mean((solved.solution - u(x, y)) ** 2))

    assert np.log2(error(10) / error(20)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("shape", "centring", "faces"), VARIANTS[1:3])
def test_maximum_principle(shape, centring, faces):
    """No source: u lies between the border's extremes. A positive one and zero border: u is positive."""
    spacing = (1 / shape[0], 2 / shape[1])
    a, f, g = random_problem(shape, centring, "two-phase", 1e3, seed=0)
    options = {"faces": faces, "centring": centring}
    border = np.concatenate([g[0, 1:-1], g[-1, 1:-1], g[1:-1, 0], g[1:-1, -1]])
    inside = slice(1, -1) if centring == "nodes" else slice(None)
    u = solve_in_float64(a, np.zeros(shape), spacing, border=g, **options).solution[inside, inside]
    assert border.min() < u.min()
    assert u.max() < border.max()
    u = solve_in_float64(a, np.abs(f), spacing, border=np.zeros_like(g), **options).solution[inside, inside]
    assert u.min() > 0


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


@pytest.mark.parametrize(("shape", "centring", "faces"), VARIANTS[:3])
def test_the_start_changes_the_iterations_and_not_the_solution(shape, centring, faces):
    """From the solution none, from near it fewer, from a guess worse than zero, or NaN, as many as from zero."""
    spacing = (1 / shape[0], 2 / shape[1])
    a, f, g = random_problem(shape, centring, "two-phase", 12.0, seed=0)
    options = {"border": g, "faces": faces, "centring": centring}
    cold = solve_in_float64(a, f, spacing, **options)
    inside = cold.solution if centring == "cells" else np.pad(cold.solution[1:-1, 1:-1], 1, constant_values=np.nan)

    def start(guess):
        return solve_in_float64(a, f, spacing, guess=guess, **options)

    assert start(inside).iterations == 0
    noise = 1e-8 * np.abs(cold.solution).max() * np.random.default_rng(0).normal(size=shape)
    near = start(inside + noise)
    assert 0 < near.iterations < cold.iterations
    assert near.residual <= 1e-10
    np.testing.assert_allclose(near.solution, cold.solution, rtol=0, atol=1e-8 * np.abs(cold.solution).max())
    for useless in (1e3 * inside, np.full(shape, np.nan)):
        assert start(useless).iterations == cold.iterations


def test_derivatives_do_not_depend_on_the_start():
    """Started at the solution, where the forward solve has nothing to do and the adjoint one everything."""
    a, f, _ = random_problem((9, 12), "nodes", "two-phase", 12.0, seed=0)
    u = solve_in_float64(a, f, (0.1, 0.1)).solution

    def total(a, guess):
        return solve(a, jnp.asarray(f), spacing=(0.1, 0.1), guess=guess).solution.sum()

    with jax.enable_x64(True):
        gradient = jax.jit(jax.grad(total, argnums=(0, 1)))
        cold, warm = (gradient(jnp.asarray(a), jnp.asarray(guess)) for guess in (0 * u, u))
    np.testing.assert_allclose(warm[0], cold[0], rtol=0, atol=1e-8 * np.abs(cold[0]).max())
    assert not warm[1].any()


def test_giving_up_is_said():
    a = np.where(np.random.default_rng(0).uniform(size=(20, 20)) < 0.5, 1.0, 1e6)
    assert not solve_in_float64(a, np.ones((20, 20)), (0.1, 0.1), max_iterations=3).converged


def test_a_residual_beyond_float64_is_not_called_converged_and_leaves_no_field():
    a = np.where(np.random.default_rng(0).uniform(size=(20, 20)) < 0.5, 1.0, 12.0)
    solved = solve_in_float64(a, np.ones((20, 20)), (0.1, 0.1), tolerance=1e-18)
    assert not solved.converged
    assert np.isnan(solved.solution[1:-1, 1:-1]).all()


def test_a_zero_source_gives_zero_and_no_source_but_a_constant_border_that_constant():
    solved = solve_in_float64(np.ones((17, 17)), np.zeros((17, 17)), (1 / 17, 2 / 17), border=np.zeros((17, 17)))
    assert solved.converged
    assert solved.iterations == 0
    assert not solved.solution.any()
    a, _, g = random_problem((17, 17), "nodes", "two-phase", 1e3, seed=0)
    solved = solve_in_float64(a, np.zeros((17, 17)), (1 / 17, 2 / 17), border=np.full_like(g, 3.0))
    np.testing.assert_allclose(solved.solution, 3.0, rtol=1e-8)


def test_what_the_border_array_holds_inside_is_not_read():
    a, f, g = random_problem((17, 17), "nodes", "two-phase", 12.0, seed=0)
    expected = solve_in_float64(a, f, (1 / 17, 2 / 17), border=g).solution
    g[1:-1, 1:-1] = np.nan
    assert np.array_equal(solve_in_float64(a, f, (1 / 17, 2 / 17), border=g).solution, expected)


def test_float32_fields_without_x64_are_solved_in_float64():
    """To the last bit the solution of the same numbers given in float64."""
    assert not jax.config.jax_enable_x64
    fields = [x.astype(np.float32) for x in random_problem((17, 17), "nodes", "two-phase", 12.0, seed=0)]
    a, f, g = map(jnp.asarray, fields)
    solved = compiled(a, f, spacing=(1 / 17, 2 / 17), border=g)
    assert solved.solution.dtype == jnp.float64
    expected = solve_in_float64(fields[0], fields[1], (1 / 17, 2 / 17), border=fields[2])
    np.testing.assert_allclose(solved.solution, expected.solution, rtol=1e-12)


def test_single_precision_reaches_the_same_tolerance():
    """The iteration in float32, its residual corrected in float64."""
    for seed, (law, contrast) in enumerate([("two-phase", 12.0), ("two-phase", 1e3), ("log-normal", 1e6)]):
        a, f, g = random_problem((23, 30), "nodes", law, contrast, seed)
        single = solve_in_float64(a, f, (1 / 23, 2 / 30), border=g, precision="single")
        assert single.converged
        assert single.residual <= 1e-10
        expected = direct_solution(a, f, g, (1 / 23, 2 / 30), "arithmetic", "nodes")
        np.testing.assert_allclose(single.solution, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


def test_a_batch_equals_single_solves_also_when_devices_share_it():
    """Eight problems that take different numbers of iterations, on one device and on four."""
    spacing = (1 / 17, 2 / 17)
    problems = [random_problem((17, 17), "nodes", "log-normal", 10.0**k, seed=k) for k in range(7)]
    problems.append((np.ones((17, 17)), np.zeros((17, 17)), np.zeros((17, 17))))
    singles = [solve_in_float64(a, f, spacing, border=g) for a, f, g in problems]
    assert len({int(single.iterations) for single in singles}) >= 3
    batched = jax.vmap(functools.partial(one_problem, spacing))
    spec = PartitionSpec("batch")
    mesh = Mesh(np.array(jax.devices()[:4]), ("batch",))
    shared = jax.shard_map(batched, mesh=mesh, in_specs=spec, out_specs=spec)
    with jax.enable_x64(True):
        fields = [jnp.asarray(np.stack(field)) for field in zip(*problems, strict=True)]
        for run in (jax.jit(batched), jax.jit(shared)):
            together = jax.tree.map(np.asarray, run(*fields))
            for place, single in enumerate(singles):
                np.testing.assert_allclose(
                    together.solution[place], single.solution, rtol=0, atol=1e-8 * np.abs(single.solution).max()
                )
                assert abs(together.iterations[place] - single.iterations) <= 1  # sums in another order
                assert together.converged[place]


def one_problem(spacing, a, f, g):
    return solve(a, f, spacing=spacing, border=g)
