import numpy as np
import pytest

from pde.grids.grid import Grid
from pde.metrics.per_sample import all_errors, summarise

GRID = Grid((np.linspace(0, 1, 4), np.linspace(0, 1, 5)), domain=(0.0, 1.0, 0.0, 1.0))


def one_wrong_value(row, column):
    """u = 2 everywhere; a prediction that is 10 too large at one point of twenty."""
    true = np.full((1, 4, 5, 1), 2, np.float32)
    predicted = true.copy()
    predicted[0, row, column] += 10
    return predicted, true


def test_by_hand():
    inside, true = one_wrong_value(1, 2)
    near = np.zeros((1, 4, 5), bool)
    near[0, 1, 1:3] = True
    errors = all_errors(inside, true, GRID, near)
    rms = np.sqrt(100 / 20)
    expected = {
        "relative_l2": rms / 2,
        "relative_mse": rms**2 / 4,
        "absolute_rmse": rms,
        "absolute_maximum": 10,
        "relative_maximum": 5,
        "absolute_boundary": 0,
        "absolute_near_interface": np.sqrt(100 / 2),
        "relative_near_interface": np.sqrt(100 / 2) / 2,
        "relative_elsewhere": 0,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(errors[name], [value], rtol=1e-6, err_msg=name)


def test_on_the_border_by_hand():
    predicted, true = one_wrong_value(0, 2)
    errors = all_errors(predicted, true, GRID)
    np.testing.assert_allclose(errors["absolute_boundary"], [np.sqrt(100 / 14)])
    np.testing.assert_allclose(errors["relative_boundary"], [np.sqrt(100 / 14) / 2])
    assert not any("interface" in name for name in errors)


def test_the_bands_add_up_to_the_relative_mse():
    predicted, true = np.random.default_rng(0).normal(size=(2, 3, 30, 31, 1)).astype(np.float32)
    errors = all_errors(predicted, true, Grid((np.arange(30.0), np.arange(31.0))))
    bands = sum(errors[f"relative_{band}"] ** 2 for band in ("low", "middle", "high"))
    np.testing.assert_allclose(bands, errors["relative_mse"], rtol=1e-5)


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_relative_errors_have_no_unit_and_absolute_ones_that_of_the_field(unit):
    predicted, true = np.random.default_rng(0).normal(size=(2, 3, 4, 5, 1)).astype(np.float32)
    one, other = (
        all_errors(predicted, true, GRID),
        all_errors(predicted * np.float32(unit), true * np.float32(unit), GRID),
    )
    for name, each in one.items():
        scale = unit if name.startswith("absolute") else 1
        np.testing.assert_allclose(other[name], scale * each, rtol=1e-5, err_msg=name)


def test_a_sample_without_interfaces_does_not_count_near_them():
    predicted, true = np.random.default_rng(0).normal(size=(2, 2, 4, 5, 1)).astype(np.float32)
    near = np.zeros((2, 4, 5), bool)
    near[0, :, :2] = True
    errors = all_errors(predicted, true, GRID, near)
    means = summarise([errors])
    assert means["relative_near_interface"] == pytest.approx(errors["relative_near_interface"][0])
    assert means["relative_elsewhere"] == pytest.approx(errors["relative_elsewhere"].mean())
    assert "relative_near_interface" not in summarise([all_errors(predicted, true, GRID, np.zeros_like(near))])


def test_blocks_are_joined_in_order():
    predicted, true = np.random.default_rng(0).normal(size=(2, 6, 4, 5, 1)).astype(np.float32)
    whole = summarise([all_errors(predicted, true, GRID)])
    parts = summarise([all_errors(predicted[s], true[s], GRID) for s in (slice(0, 2), slice(2, 6))])
    assert whole["worst"][0]["sample"] == parts["worst"][0]["sample"]
    assert whole["relative_h1"] == pytest.approx(parts["relative_h1"])
