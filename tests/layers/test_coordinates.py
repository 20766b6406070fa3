import jax.numpy as jnp
import numpy as np
import pytest

from manojax import interpolate, nearest
from manojax.layers.coordinates import append_coordinates


def test_splines_reproduce_cubics_on_any_grid():
    """A not-a-knot cubic spline is exact for cubics, whatever the spacing."""
    generator = np.random.default_rng(0)
    source = tuple(np.sort(generator.uniform(0, 2, n)) for n in (9, 7))
    target = tuple(np.linspace(a[0], a[-1], 23) for a in source)

    def cubic(x, y):
        return (x[:, None] ** 3 - 2 * x[:, None]) * (1 + y[None, :] ** 3)

    moved = interpolate(cubic(*source)[None, :, :, None], source, target)
    np.testing.assert_allclose(moved[0, :, :, 0], cubic(*target), atol=1e-9)


@pytest.mark.parametrize("kind", [np.asarray, jnp.asarray])
@pytest.mark.parametrize("axes", [1, 3])
def test_splines_reproduce_cubics_on_one_and_three_axes(axes, kind):
    generator = np.random.default_rng(0)
    source = tuple(np.sort(generator.uniform(0, 2, n)) for n in (9, 7, 6)[:axes])
    target = tuple(np.linspace(a[0], a[-1], 11) for a in source)

    def cubic(*points):
        return np.prod([each**3 - each for each in np.meshgrid(*points, indexing="ij")], axis=0)[None, ..., None]

    moved = interpolate(kind(cubic(*source).astype(np.float32)), source, target)
    np.testing.assert_allclose(moved, cubic(*target), atol=1e-4)


def test_interpolation_on_an_axis_of_two_points_is_linear():
    fields = np.array([0.0, 1.0])[None, :, None, None] * np.ones((1, 1, 5, 1))
    y = np.linspace(0, 1, 5)
    moved = interpolate(fields, (np.array([0.0, 1.0]), y), (np.array([0.25]), y))
    np.testing.assert_allclose(moved, 0.25)


def test_nearest_finds_nested_points_and_says_when_there_are_none():
    fine, coarse = np.linspace(0, 1, 13), np.linspace(0, 1, 5)
    (rows, columns), nested = nearest((fine, fine), (coarse, coarse))
    assert nested
    assert rows.tolist() == columns.tolist() == [0, 3, 6, 9, 12]
    (rows, _), nested = nearest((fine, fine), (np.array([0.1, 0.5]), coarse))
    assert not nested
    assert rows.tolist() == [1, 6]


def test_coordinates_of_the_wrong_length_are_refused():
    with pytest.raises(ValueError, match="do not fit a 4 x 5 grid"):
        append_coordinates(jnp.zeros((1, 4, 5, 1)), (np.zeros(4), np.zeros(4)))
