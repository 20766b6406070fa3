"""Conductances of the halves of dual cells, and means over subcells."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.cell_conductances import (
    along_each_axis,
    dual_means,
    join,
    lower_bounds,
    subcell_means,
    upper_bounds,
)
from pde.solvers.upscaling import upscale
from tests.cases import slow

SHAPE = (25, 37)
STRIDES = pytest.mark.parametrize("stride", [2, 3, slow(4), slow(6), 12])


@pytest.fixture(scope="module")
def coefficient():
    with jax.enable_x64(True):
        return jnp.asarray(np.random.default_rng(0).choice([3.0, 12.0, 0.5], SHAPE))


@STRIDES
def test_lower_halves_add_up_to_the_upscaled_conductances(coefficient, stride):
    with jax.enable_x64(True):
        joined = join(along_each_axis(lower_bounds, coefficient, stride), (stride * 0.1, stride * 0.2))
        for found, expected in zip(joined.along, upscale(coefficient, stride, (0.1, 0.2)).along, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-13)


@STRIDES
def test_lower_bounds_are_below_upper_ones_and_meet_where_layers_lie_along_or_across(coefficient, stride):
    with jax.enable_x64(True):
        lower, upper = np.stack(lower_bounds(coefficient, stride)), np.stack(upper_bounds(coefficient, stride))
        assert lower.shape == upper.shape == (2, (SHAPE[0] - 1) // stride, (SHAPE[1] - 1) // stride)
        assert (lower <= upper * (1 + 1e-12)).all()
        assert (lower < 0.99 * upper).any()
        for layers in (coefficient[:1], coefficient[:, :1]):
            layered = jnp.broadcast_to(layers, SHAPE)
            np.testing.assert_allclose(lower_bounds(layered, stride), upper_bounds(layered, stride), rtol=1e-13)


def test_a_half_is_what_its_circuit_conducts():
    """One cell of 2 x 2 fine cells: the low half has half of the border line and half of the middle one."""
    with jax.enable_x64(True):
        a = jnp.array([[1.0, 2.0, 4.0], [3.0, 6.0, 4.0], [1.0, 2.0, 4.0]])
        lines = [1 / (1 / 2 + 1 / 2), 1 / (1 / 4 + 1 / 4), 1 / (1 / 4 + 1 / 4)]
        low, high = (lines[0] + lines[1]) / 2, (lines[1] + lines[2]) / 2
        np.testing.assert_allclose(lower_bounds(a, 2), ([[low]], [[high]]), rtol=1e-15)
        low, high = 1 / (1 / 3 + 1 / 3), 1 / (1 / 4 + 1 / 4)
        np.testing.assert_allclose(upper_bounds(a, 2), ([[low]], [[high]]), rtol=1e-15)


@STRIDES
@pytest.mark.parametrize("side", [2, 3, 4])
def test_means_of_subcells_are_those_of_constants_and_have_the_mean_of_the_cell(coefficient, stride, side):
    with jax.enable_x64(True):
        found = subcell_means(jnp.full(SHAPE, 7.0), stride, side)
        assert found.shape == (side**2, (SHAPE[0] - 1) // stride, (SHAPE[1] - 1) // stride)
        np.testing.assert_allclose(found, 7.0, rtol=1e-13)
        whole = subcell_means(coefficient, stride, 1)
        means = subcell_means(coefficient, stride, side).mean(axis=0, keepdims=True)
        np.testing.assert_allclose(means, whole, rtol=1e-12)


def test_subcells_are_numbered_row_by_row():
    with jax.enable_x64(True):
        rising = jnp.arange(9.0)[:, None] * 10 + jnp.arange(9.0)[None, :]
        found = subcell_means(rising, 8, 4)[:, 0, 0].reshape(4, 4)
        assert (jnp.diff(found, axis=0) > jnp.diff(found, axis=1).max()).all()
        assert (jnp.diff(found, axis=1) > 0).all()


@STRIDES
def test_dual_means_of_a_linear_field_are_its_values_at_the_nodes(stride):
    with jax.enable_x64(True):
        rising = jnp.arange(SHAPE[0] * 1.0)[:, None] * 2 - jnp.arange(SHAPE[1] * 1.0)[None, :] + 5
        inner = rising[::stride, ::stride][1:-1, 1:-1]
        np.testing.assert_allclose(dual_means(rising, stride), inner, rtol=1e-12, atol=1e-12)
