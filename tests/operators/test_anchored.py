import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax import Anchored
from manojax.layers.coordinates import unit_nodes
from manojax.operators.base import Operator
from tests.cases import slow
from tests.operators.test_registry import random_fields, small


class Function(Operator):
    """Not an operator but a given function of the points, or of the points and the fields."""

    def __init__(self, function):
        self.function, self.in_channels, self.dimensions = function, 1, 2

    def __call__(self, fields, coordinates=None):
        assert coordinates is not None
        x, y = (jnp.asarray(axis) for axis in coordinates)
        return self.function(fields, x[None, :, None, None], y[None, None, :, None])


def call(module, fields, coordinates=None):
    return nnx.jit(lambda module, fields, coordinates: module(fields, coordinates))(module, fields, coordinates)


UNEVEN = (np.array([0.0, 0.1, 0.35, 0.5, 1.0]), np.linspace(-1, 2, 7))


@pytest.mark.parametrize("anchors", [unit_nodes((6, 5)), UNEVEN], ids=["nodes", "uneven"])
def test_cubics_come_through_the_splines_exactly(anchors):
    def cubic(x, y):
        return 1 + x - 2 * y + x * y + x**3 * y**2 - y**3

    module = Anchored(Function(lambda fields, x, y: cubic(x, y)), anchors)
    x, y = np.linspace(-0.1, 1, 13, dtype=np.float32), np.linspace(0, 1.5, 8, dtype=np.float32)
    found = call(module, random_fields(1, 13, 8, 1), (x, y))[0, ..., 0]
    np.testing.assert_allclose(found, cubic(x[:, None], y[None, :]), rtol=0, atol=2e-5)


def test_a_constant_is_its_own_average_at_the_borders_too():
    module = Anchored(Function(lambda fields, x, y: fields), unit_nodes((9, 9)))
    np.testing.assert_allclose(call(module, jnp.full((1, 17, 13, 1), 3.0)), 3.0, rtol=1e-5)


def test_averages_converge_to_the_integral_by_the_square_of_the_spacing():
    def average(points):
        field = jnp.asarray(np.cos(3 * np.linspace(0, 1, points, dtype=np.float32)))
        module = Anchored(Function(lambda fields, x, y: fields), unit_nodes((5, 2)))
        return call(module, jnp.broadcast_to(field[None, :, None, None], (1, points, 2, 1)))[
            0, :: (points - 1) // 4, 0, 0
        ]

    t, anchors = np.linspace(0, 1, 100_001), np.linspace(0, 1, 5)
    gaussian = np.exp(-(((anchors[:, None] - t) / (0.7 / 4)) ** 2) / 2)
    exact = np.trapezoid(gaussian * np.cos(3 * t), t) / np.trapezoid(gaussian, t)
    errors = [np.abs(average(n) - exact).max() for n in (9, 17, 33)]
    assert errors[2] < 1e-3
    assert all(3.3 < coarse / fine < 5 for coarse, fine in itertools.pairwise(errors))


def test_what_lies_between_the_anchors_counts():
    module = Anchored(small("fno"), unit_nodes((5, 5)))
    x = random_fields(1, 9, 9, 1)
    between = x.at[:, 1::2, 1::2].add(1.0)
    assert np.abs(call(module, between) - call(module, x)).max() > 1e-3


@pytest.mark.parametrize("name", ["fno", "vit", slow("mano")])
def test_predictions_on_finer_and_finer_grids_converge(name):
    """Of one smooth field: the same values at the points that all grids share."""
    module = Anchored(small(name), unit_nodes((9, 9)))

    def predicted(points):
        x, y = np.meshgrid(*unit_nodes((points, points)), indexing="ij")
        fields = jnp.asarray(np.sin(3 * x) + np.cos(4 * x * y))[None, ..., None]
        stride = (points - 1) // 8
        return call(module, fields)[0, ::stride, ::stride, 0]

    finest = predicted(129)
    errors = [np.abs(predicted(n) - finest).max() / np.abs(finest).max() for n in (17, 65)]
    assert errors[1] < min(0.01, errors[0] / 8)  # second order: 16 times, less what the finest has itself


def test_points_far_apart_give_the_nearest_value():
    module = Anchored(Function(lambda fields, x, y: fields), unit_nodes((65, 65)))
    field = jnp.asarray([[1.0, 2.0], [3.0, 4.0]])[None, ..., None]
    np.testing.assert_allclose(call(module, field)[0, ..., 0], field[0, ..., 0], atol=1e-5)


def test_lines_and_volumes():
    for dimensions, shape in ((1, (12,)), (3, (5, 6, 7))):
        operator = small("fno", dimensions=dimensions, modes=(2,) * dimensions)
        module = Anchored(operator, unit_nodes((4,) * dimensions))
        assert call(module, random_fields(2, *shape, 1)).shape == (2, *shape, 1)


@pytest.mark.parametrize(
    ("anchors", "width", "message"),
    [(unit_nodes((1, 5)), 0.7, "1 x 5 anchors"), (unit_nodes((5, 5)), 0.0, "filter width 0.0")],
)
def test_what_does_not_fit_is_refused(anchors, width, message):
    with pytest.raises(ValueError, match=message):
        Anchored(small("fno"), anchors, filter_width=width)


def test_gradients_reach_the_fields_everywhere():
    module = Anchored(small("fno"), manojax.unit_nodes((5, 5)))
    gradient = jax.jit(jax.grad(lambda x: (module(x) ** 2).sum()))(random_fields(1, 9, 9, 1))
    assert (np.abs(gradient) > 0).all()
