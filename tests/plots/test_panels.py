import numpy as np
import pytest

import pde
from pde import plots
from pde.grids.grid import Grid
from tests.plots.drawn import GRID, X, Y, panels


def test_fields_stand_at_their_true_coordinates():
    figure = plots.fields({"one": X, "two": Y}, GRID, shared=True, unit="km")
    one = panels(figure)["one"]
    corners = one.get_coordinates()
    np.testing.assert_allclose(corners.min(axis=(0, 1)), (-0.125, -0.125))  # half a cell beyond the points
    np.testing.assert_allclose(corners.max(axis=(0, 1)), (2.125, 1.125))
    np.testing.assert_array_equal(one.get_array(), X.T)
    assert figure.axes[0].get_xlim() == (0, 2)
    assert figure.axes[0].get_xlabel() == "x in km"
    assert {each.get_clim() for each in panels(figure).values()} == {(0, 2)}
    assert [len(axes.child_axes) for axes in figure.axes] == [0, 1]  # one bar


def test_fields_on_one_axis_are_lines_and_on_three_planes():
    x = np.linspace(0, 1, 5)
    line = plots.sample_fields(x, 2 * x, {"fno": x}, Grid((x,)))
    drawn = {axes.get_title(): axes.lines[0].get_xydata() for axes in line.axes}
    np.testing.assert_array_equal(drawn["solution"], np.stack([x, 2 * x], axis=1))
    np.testing.assert_array_equal(drawn["error, relative L2 0.5000"][:, 1], -x)
    block = X[..., None] + np.arange(3.0)
    plane = panels(plots.fields({"block": block}, Grid((*GRID.axes, np.arange(3.0)))))["block"]
    np.testing.assert_array_equal(plane.get_array(), X.T + 1)


def test_a_plane_of_three_axes_is_chosen():
    grid = Grid((*GRID.axes, np.linspace(0, 1, 3)))
    block = X[..., None] + 10 * Y[..., None] + 100 * grid.axes[2]
    figure = plots.fields({"block": block}, grid, plane=("y", 0.8))
    np.testing.assert_array_equal(panels(figure)["block"].get_array(), block[:, 3].T)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("x", "z")
    with pytest.raises(pde.InputError, match="give one of x, y and z and a coordinate, for a grid of three axes"):
        plots.fields({"X": X}, GRID, plane=("y", 0.8))


def test_a_vector_has_the_colours_of_its_length_and_arrows():
    vector = np.stack([3 + X, 4 * np.ones_like(X)], axis=-1)
    figure = plots.sample_fields(X, vector, {"fno": 2 * vector}, GRID, output="velocity")
    drawn = panels(figure)
    np.testing.assert_allclose(drawn["velocity"].get_array(), np.hypot(3 + X, 4).T)
    np.testing.assert_allclose(drawn["error, relative L2 1.0000"].get_clim(), (-np.hypot(5, 4), np.hypot(5, 4)))
    arrows = next(axes for axes in figure.axes if axes.get_title() == "velocity").collections[1]
    np.testing.assert_allclose(arrows.U, (3 + X).T.ravel())
    np.testing.assert_allclose(arrows.V, 4)


def test_each_field_may_have_its_own_grid_and_scale():
    coarse = GRID.strided(2)
    figure = plots.fields({"fine": X, "coarse": 2 + Y[::2, ::2]}, [GRID, coarse])
    drawn = panels(figure)
    np.testing.assert_array_equal(drawn["fine"].get_array(), X.T)
    np.testing.assert_array_equal(drawn["coarse"].get_array(), 2 + Y[::2, ::2].T)
    np.testing.assert_allclose(drawn["coarse"].get_coordinates().min(axis=(0, 1)), (-0.25, -0.25))
    assert [each.get_clim() for each in drawn.values()] == [(0, 2), (2, 3)]


def test_predictions_share_the_scale_of_the_solution_and_errors_one_about_zero():
    solution = X * (2 - X) * Y * (1 - Y)
    figure = plots.sample_fields(
        X, solution, {"good": 1.01 * solution, "bad": 1.5 * solution}, GRID, name="source"
    )
    drawn = panels(figure)
    titles = ("source", "solution", "good", "bad", "error, relative L2 0.0100", "error, relative L2 0.5000")
    shown = (X, solution, 1.01 * solution, 1.5 * solution, 0.01 * solution, 0.5 * solution)
    assert drawn.keys() == set(titles)
    for title, field in zip(titles, shown, strict=True):
        np.testing.assert_allclose(drawn[title].get_array(), field.T, rtol=0, atol=1e-12)
    assert drawn["good"].get_clim() == drawn["bad"].get_clim() == drawn["solution"].get_clim()
    largest = 0.5 * solution.max()
    for title in ("error, relative L2 0.0100", "error, relative L2 0.5000"):
        np.testing.assert_allclose(drawn[title].get_clim(), (-largest, largest))


def test_a_sample_that_nothing_predicts_and_one_that_is_nan_can_be_drawn():
    drawn = panels(plots.sample_fields(X, Y, {}, GRID))
    np.testing.assert_array_equal(drawn["coefficient"].get_array(), X.T)
    np.testing.assert_array_equal(drawn["solution"].get_array(), Y.T)
    drawn = panels(plots.worst_samples([("sample 3", X, Y, np.full_like(Y, np.nan))], GRID, name="source"))
    np.testing.assert_array_equal(drawn["solution"].get_array(), Y.T)
    assert np.ma.getmaskarray(drawn["prediction"].get_array()).all()


def test_worst_samples_show_each_in_a_column_with_its_error():
    given = [("sample 3", X, Y, 1.5 * Y), ("sample 7", Y, X, X - 0.25)]
    figure = plots.worst_samples(given, GRID)
    columns = np.reshape(figure.axes, (4, 2)).T
    for column, (title, field, solution, predicted) in zip(columns, given, strict=True):
        assert column[0].get_title() == f"{title}\ncoefficient"
        shown = [axes.collections[0] for axes in column]
        for mesh, expected in zip(shown, (field, solution, predicted, predicted - solution), strict=True):
            np.testing.assert_allclose(mesh.get_array(), expected.T, rtol=0, atol=1e-12)
        assert shown[1].get_clim() == shown[2].get_clim() == (solution.min(), solution.max())
        largest = np.abs(predicted - solution).max()
        np.testing.assert_allclose(shown[3].get_clim(), (-largest, largest))
