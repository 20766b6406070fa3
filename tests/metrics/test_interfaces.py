import numpy as np
import pytest

from pde.equations.darcy.problem import Darcy
from pde.metrics.interfaces import border, near_interfaces, piecewise_constant, region_rms


def test_two_cells_to_either_side_of_a_vertical_interface():
    a = np.where(np.arange(9) < 4, 3.0, 12.0)[None, None, :].repeat(6, axis=1)
    expected = [False, False, True, True, True, True, False, False, False]
    assert near_interfaces(a).tolist() == [[expected] * 6]
    np.testing.assert_array_equal(near_interfaces(a.swapaxes(1, 2)), near_interfaces(a).swapaxes(1, 2))


def test_a_lone_point_has_a_neighbourhood_of_five():
    """A plus of five points lies beside its interfaces, and what touches the plus, corners included, is near."""
    a = np.ones((1, 9, 9))
    a[0, 4, 4] = 2
    near = near_interfaces(a)[0]
    rows = np.arange(9)
    row, column = abs(rows[:, None] - 4), abs(rows[None, :] - 4)
    np.testing.assert_array_equal(near, (np.maximum(row, column) <= 2) & (row + column <= 3))


@pytest.mark.parametrize("axes", [1, 3])
def test_two_cells_to_either_side_on_one_and_three_axes(axes):
    a = np.where(np.arange(9) < 4, 3.0, 12.0).reshape(1, 9, *[1] * (axes - 1)) * np.ones((1, 9, 4, 3)[: 1 + axes])
    near = near_interfaces(a)
    np.testing.assert_array_equal(near[0].reshape(9, -1).all(axis=1), [0, 0, 1, 1, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(near[0].reshape(9, -1).any(axis=1), [0, 0, 1, 1, 1, 1, 0, 0, 0])
    np.testing.assert_allclose(region_rms(a, near), np.sqrt((9 + 144) / 2))
    assert border(a.shape).sum() == a[0].size - np.prod([n - 2 for n in a.shape[1:]])
    assert piecewise_constant(a)


@pytest.mark.parametrize(("jump", "found"), [(1.05, False), (1.2, True), (-1.0, True)])
def test_an_interface_is_a_jump_by_a_tenth(jump, found):
    assert near_interfaces(np.array([[[1.0, jump], [1.0, jump]]])).any() == found


def test_an_indicator_has_interfaces():
    assert near_interfaces(np.array([[[0.0, 1.0], [0.0, 0.0]]])).any()


def test_the_root_mean_square_is_over_the_region():
    fields = np.array([[[3.0, 4.0], [100.0, 100.0]], [[1.0, 1.0], [1.0, 1.0]]])
    region = np.array([[[True, True], [False, False]], [[False, False], [False, False]]])
    np.testing.assert_allclose(region_rms(fields, region), [np.sqrt(12.5), np.nan])


def test_the_border_is_the_outermost_points():
    assert border((1, 3, 4)).tolist() == [[[True] * 4, [True, False, False, True], [True] * 4]]


def test_which_fields_are_piecewise_constant():
    two_phase = Darcy(resolution=17).sample(0, 0)["coefficient"][None]
    assert piecewise_constant(two_phase)
    assert not piecewise_constant(np.random.default_rng(0).uniform(size=(2, 9, 9)))
