"""Derivatives of the solution with respect to coefficient, source and border values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.elliptic import solve
from tests.cases import slow

SHAPE, SPACING = (13, 14), (0.1, 0.08)
BORDER = {"nodes": SHAPE, "cells": (15, 16)}


def problem(centring, dtype=np.float64):
    generator = np.random.default_rng(0)
    a = np.exp(generator.normal(size=SHAPE))
    fields = a, generator.normal(size=SHAPE), generator.normal(size=BORDER[centring])
    return tuple(field.astype(dtype) for field in fields)


def loss(fields, *, centring, faces):
    """A smooth function of all values of the solution."""
    a, f, g = fields
    u = solve(a, f, border=g, spacing=SPACING, centring=centring, faces=faces, tolerance=1e-12).solution
    weights = np.random.default_rng(1).normal(size=u.shape)
    return jnp.vdot(weights, jnp.sin(u))


@pytest.mark.parametrize(("centring", "faces"), [("nodes", "arithmetic"), slow("cells", "harmonic")])
def test_reverse_and_forward_mode_agree_with_central_differences(centring, faces):
    def of(fields):
        return loss(fields, centring=centring, faces=faces)

    generator = np.random.default_rng(2)
    with jax.enable_x64(True):
        fields = jax.tree.map(jnp.asarray, problem(centring))
        gradient = jax.jit(jax.grad(of))(fields)
        forward = jax.jit(lambda x, t: jax.jvp(of, (x,), (t,)))
        for which in range(3):  # coefficient, source, border: each in a random direction of its own
            step = [np.zeros(field.shape) for field in fields]
            step[which] = generator.normal(size=fields[which].shape)
            direction = tuple(map(jnp.asarray, step))
            along = sum(float(np.vdot(d, g)) for d, g in zip(step, gradient, strict=True))

            ends = [tuple(x + by * d for x, d in zip(fields, direction, strict=True)) for by in (1e-5, -1e-5)]
            up, down = (float(forward(end, direction)[0]) for end in ends)
            assert abs(along) > 1e-3
            assert along == pytest.approx((up - down) / 2e-5, rel=1e-6)
            assert along == pytest.approx(float(forward(fields, direction)[1]), rel=1e-9)


def test_every_entry_of_the_gradient_that_the_scheme_reads_and_no_other():
    """The corners are read by no face, the border of a nodal source by no equation."""
    with jax.enable_x64(True):
        gradient = jax.jit(jax.grad(lambda x: loss(x, centring="nodes", faces="arithmetic")))
        a, f, g = map(np.asarray, gradient(jax.tree.map(jnp.asarray, problem("nodes"))))
    border = np.pad(np.zeros((11, 12), bool), 1, constant_values=True)
    corners = np.zeros(SHAPE, bool)
    corners[:: SHAPE[0] - 1, :: SHAPE[1] - 1] = True
    assert np.array_equal(a != 0, ~corners)
    assert np.array_equal(f != 0, ~border)
    # A corner's value stands in the solution itself, which the loss reads.
    assert np.array_equal(g != 0, border)


@pytest.mark.slow
def test_float32_code_without_x64_gets_float32_gradients_accurate_to_float32():
    """Nobody but `solve` enters x64: neither for the value, nor when the gradient is transposed or mapped."""
    assert not jax.config.jax_enable_x64

    def of(fields):
        a, f, g = fields
        u = solve(a, f, border=g, spacing=SPACING).solution.astype(jnp.float32)
        return jnp.sum(jnp.sin(u))

    def exact(fields):
        a, f, g = fields
        return jnp.sum(jnp.sin(solve(a, f, border=g, spacing=SPACING).solution))

    fields = problem("nodes", np.float32)
    single = jax.tree.map(jnp.asarray, fields)
    gradient = jax.jit(jax.grad(of))(single)
    with jax.enable_x64(True):
        expected = jax.jit(jax.grad(exact))(jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), fields))
    for mine, theirs in zip(gradient, expected, strict=True):
        assert mine.dtype == jnp.float32
        np.testing.assert_allclose(mine, theirs, atol=3e-6 * np.abs(theirs).max())

    forward = jax.jit(lambda x: jax.jvp(of, (x,), (x,))[1])(single)
    reverse = sum(float(jnp.vdot(x, g)) for x, g in zip(single, gradient, strict=True))
    assert float(forward) == pytest.approx(reverse, rel=1e-4)

    batch = jax.tree.map(lambda x: jnp.stack([x, 2 * x]), single)
    mapped = jax.jit(jax.vmap(jax.grad(of)))(batch)
    for many, one in zip(mapped, gradient, strict=True):
        np.testing.assert_allclose(many[0], one, atol=3e-6 * np.abs(one).max())


def test_the_gradient_is_one_more_solve_and_holds_no_unrolled_iterations():
    """As many loops as two solves have, one set-up, and nothing recorded for a way back (that would be a scan)."""
    with jax.enable_x64(True):
        fields = jax.tree.map(jnp.asarray, problem("nodes"))

        def of(fields):
            return loss(fields, centring="nodes", faces="arithmetic")

        value, gradient = (jax.make_jaxpr(fun)(fields).jaxpr for fun in (of, jax.grad(of)))
    assert loops(value)["while"] > 0
    assert loops(gradient) == {"while": 2 * loops(value)["while"], "scan": loops(value)["scan"]}


def loops(jaxpr):
    count = {"while": 0, "scan": 0}
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name in count:
            count[name] += 1
        inner = [equation.params["jaxprs"].solve.jaxpr] if name == "custom_linear_solve" else subjaxprs(equation)
        for each in inner:
            for key, more in loops(each).items():
                count[key] += more
    return count


def subjaxprs(equation):
    for value in equation.params.values():
        if hasattr(value, "eqns"):
            yield value
        elif hasattr(value, "jaxpr"):
            yield value.jaxpr


@pytest.mark.parametrize("derivative", [jax.jacrev, jax.jacfwd])
def test_a_compiled_solve_is_differentiated_without_x64(derivative):
    """u falls as a grows by a factor e^s: du/ds = -u at s = 0."""
    a = jnp.asarray(problem("nodes", np.float32)[0])

    @jax.jit
    def middle(s):
        return solve(a * jnp.exp(s), jnp.ones_like(a), spacing=SPACING).solution[6, 7].astype(jnp.float32)

    zero = jnp.float32(0)
    np.testing.assert_allclose(derivative(middle)(zero), -middle(zero), rtol=1e-5)
