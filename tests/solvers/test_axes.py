"""The solver on three axes and around periodic ones, against direct solvers, exact solutions and symmetries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.conductances import apply, conductances
from pde.solvers.elliptic import solve
from pde.solvers.upscaling import upscale
from pde.system.errors import InputError
from tests.cases import slow


def random_field(shape, seed, size=1.0):
    return np.exp(size * np.random.default_rng(seed).normal(size=shape))


def solved(a, f, spacing, reaction=None, **options):
    """The solution as an array; it must have converged."""

    def found_for(a, f):
        c = None if reaction is None else reaction * jnp.ones_like(a)
        return solve(a, f, spacing=spacing, reaction=c, **options)

    with jax.enable_x64(True):
        found = jax.jit(found_for)(jnp.asarray(a), jnp.asarray(f))
    assert found.converged
    return np.asarray(found.solution)


def directly(a, f, spacing, rings, reaction=0.0):
    """The solution of the scheme, as its definition reads, by a dense matrix."""
    places = np.arange(a.size).reshape(a.shape)
    matrix = np.eye(a.size) * reaction
    for axis, (h, ring) in enumerate(zip(spacing, rings, strict=True)):
        here, there = np.moveaxis(places, axis, 0), np.moveaxis(np.roll(places, -1, axis), axis, 0)
        count = a.shape[axis] if ring else a.shape[axis] - 1
        for i, j in zip(here[:count].ravel(), there[:count].ravel(), strict=True):
            c = (a.ravel()[i] + a.ravel()[j]) / 2 / h**2
            matrix[[i, j], [i, j]] += c
            matrix[[i, j], [j, i]] -= c
    inner = np.ones(a.shape, bool)
    for axis, ring in enumerate(rings):
        if not ring:
            np.moveaxis(inner, axis, 0)[[0, -1]] = False
    kept = inner.ravel()
    u = np.zeros(a.size)
    u[kept] = np.linalg.solve(matrix[np.ix_(kept, kept)], f.ravel()[kept])
    return u.reshape(a.shape)


@pytest.mark.parametrize(
    ("shape", "rings"),
    [
        ((10, 9, 8), (False, False, False)),
        slow((12, 10), (True, True)),
        ((22, 13), (True, False)),
        slow((9, 14), (False, True)),
        ((8, 10, 6), (True, True, True)),
        slow((7, 10, 9), (False, True, False)),
    ],
    ids=str,
)
def test_the_solution_is_that_of_a_direct_solver(shape, rings):
    a, f = random_field(shape, 0), np.random.default_rng(1).normal(size=shape)
    spacing = (0.1, 0.13, 0.09)[: len(shape)]
    u = solved(a, f, spacing, rings=rings, reaction=5.0)
    np.testing.assert_allclose(u, directly(a, f, spacing, rings, 5.0), rtol=0, atol=1e-9 * np.abs(u).max())


@pytest.mark.parametrize("centring", ["nodes", "cells"])
@pytest.mark.slow
def test_second_order_on_three_axes(centring):
    """u = sin(pi x) sin(2 pi y) sin(pi z), a = 2 + x y z."""

    def error(cells):
        points = np.linspace(0, 1, cells + 1) if centring == "nodes" else (np.arange(cells) + 0.5) / cells
        x, y, z = np.meshgrid(points, points, points, indexing="ij")
        (sx, sy, sz), (cx, cy, cz) = (
            (trig(np.pi * x), trig(2 * np.pi * y), trig(np.pi * z)) for trig in (np.sin, np.cos)
        )
        u, a = sx * sy * sz, 2 + x * y * z
        along = np.pi * cx * sy * sz * y * z + 2 * np.pi * sx * cy * sz * x * z + np.pi * sx * sy * cz * x * y
        found = solved(a, 6 * np.pi**2 * u * a - along, (1 / cells,) * 3, centring=centring)
        return np.sqrt(np.mean((found - u) ** 2))

    assert np.log2(error(12) / error(24)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("law", ["two-phase", slow("log-normal")])
def test_jumps_and_large_contrasts_take_few_iterations(law):
    points = np.linspace(0, 1, 33)
    x, y, z = np.meshgrid(points, points, points, indexing="ij")
    g = np.sin(5 * x + 2 * y) + np.cos(7 * y - 4 * z) + np.sin(6 * z + 3 * x)
    a = np.where(g > 0, 12.0, 3.0) if law == "two-phase" else np.exp(np.log(1e6) * (g - g.min()) / np.ptp(g))
    with jax.enable_x64(True):
        found = jax.jit(lambda a: solve(a, jnp.ones_like(a), spacing=(1 / 32,) * 3))(jnp.asarray(a))
    assert found.converged
    assert found.iterations <= 20


def test_what_does_not_vary_along_a_periodic_axis_is_the_solution_without_it():
    a, f = random_field((17, 21), 0), np.random.default_rng(1).normal(size=(17, 21))
    flat = solved(a, f, (0.1, 0.2), tolerance=1e-12)
    a, f = (np.repeat(field[:, None], 6, axis=1) for field in (a, f))
    deep = solved(a, f, (0.1, 0.3, 0.2), rings=(False, True, False), tolerance=1e-12)
    np.testing.assert_allclose(deep, np.repeat(flat[:, None], 6, axis=1), rtol=0, atol=1e-10 * np.abs(flat).max())


@pytest.mark.parametrize("by", [1, slow(5)])
def test_the_solution_moves_around_a_ring_with_its_fields(by):
    a, f = random_field((26, 18), 0), np.random.default_rng(1).normal(size=(26, 18))
    options = {"rings": (True, True), "reaction": 1.0, "tolerance": 1e-12}
    u = solved(a, f, (0.1, 0.1), **options)
    moved = solved(np.roll(a, by, 0), np.roll(f, by, 0), (0.1, 0.1), **options)
    np.testing.assert_allclose(moved, np.roll(u, by, 0), rtol=0, atol=1e-9 * np.abs(u).max())


@pytest.mark.parametrize("points", [slow(34), 50, slow(66)])
def test_rings_of_any_even_number_take_few_iterations(points):
    """Coarser rings of an odd number of nodes have one that halves an edge."""
    a = random_field((points, points), 0, 0.5)
    f = np.random.default_rng(1).normal(size=a.shape)
    with jax.enable_x64(True):
        found = jax.jit(
            lambda a, f: solve(a, f, spacing=(0.1, 0.1), rings=(True, True), reaction=jnp.ones_like(a))
        )(jnp.asarray(a), jnp.asarray(f))
    assert found.converged
    assert found.iterations <= 16


def test_what_rings_cannot_have_is_refused():
    with pytest.raises(InputError, match=r"9 points around periodic axis 2.*choose 8 or 10"):
        solved(np.ones((8, 9)), np.ones((8, 9)), (0.1, 0.1), rings=(False, True))
    with pytest.raises(InputError, match="u is known up to a constant only; give a reaction"):
        solved(np.ones((8, 8)), np.ones((8, 8)), (0.1, 0.1), rings=(True, True))
    for shape in ((8,), (8, 9, 7)):
        with pytest.raises(InputError, match="two or three axes, each with its spacing"):
            solved(np.ones(shape), np.ones(shape), (0.1, 0.1))


@pytest.mark.slow
def test_the_gradient_is_that_of_central_differences_on_three_axes_of_which_two_are_periodic():
    shape, rings = (8, 7, 6), (True, False, True)
    generator = np.random.default_rng(2)
    f, direction, weights = generator.normal(size=(3, *shape))

    def value(a):
        found = solve(a, jnp.asarray(f), spacing=(0.1,) * 3, rings=rings, tolerance=1e-13)
        return jnp.vdot(jnp.asarray(weights), found.solution)

    with jax.enable_x64(True):
        compiled, a = jax.jit(value), jnp.asarray(random_field(shape, 0))
        gradient = np.asarray(jax.jit(jax.grad(value))(a))
        up, down = (float(compiled(a + by * direction)) for by in (1e-5, -1e-5))
    assert np.vdot(gradient, direction) == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_the_operator_on_three_axes_is_symmetric_and_of_positive_inverse():
    with jax.enable_x64(True):
        c = conductances(jnp.asarray(random_field((6, 5, 7), 0, 2.0)), (0.1, 0.2, 0.3))
        units = jnp.eye(60).reshape(60, 4, 3, 5)
        matrix = np.asarray(jax.vmap(lambda unit: apply(c, unit))(units)).reshape(60, 60)
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.inv(matrix).min() > 0


@pytest.mark.parametrize(("stride", "axis"), [slow(2, 0), (3, 1), slow(2, 2), slow(3, 0)])
def test_upscaling_is_exact_for_layers_on_three_axes(stride, axis):
    """Harmonic means along the axis across the layers, arithmetic ones over dual cells along the others."""
    layers = random_field(4 * stride + 1, stride)
    shape = [4 * stride + 1 if b == axis else 3 * stride + 1 for b in range(3)]
    a = np.broadcast_to(layers.reshape([-1 if b == axis else 1 for b in range(3)]), shape)
    with jax.enable_x64(True):
        c = upscale(jnp.asarray(a), stride, (0.1, 0.1, 0.1))
    fine = (layers[1:] + layers[:-1]) / 2
    harmonic = 1 / np.mean(1 / fine.reshape(4, stride), axis=1)
    halves = np.repeat(layers, 2)  # half a fine cell to either side of each node
    arithmetic = [halves[i - stride : i + stride].mean() for i in 2 * stride * np.arange(1, 4) + 1]
    for b in range(3):
        found = np.moveaxis(np.asarray(c.along[b]) * (0.1 * stride) ** 2, axis, 0)
        expected = harmonic if b == axis else np.array(arithmetic)
        np.testing.assert_allclose(found, np.broadcast_to(expected[:, None, None], found.shape), rtol=1e-12)
