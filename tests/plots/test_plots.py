import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread

from pde import InputError, plots
from pde.grids.grid import Grid

GRID = Grid(np.linspace(0, 2, 9), np.linspace(0, 1, 5), "zero", (0.0, 2.0, 0.0, 1.0))
X, Y = np.meshgrid(GRID.x, GRID.y, indexing="ij")


def report(model, scale):
    rows = [
        {"resolution": n, "direct": {"relative_l2": scale / n}, "resample": {"relative_l2": scale / 9}}
        for n in (9, 17, 33)
    ]
    return {"model": model, "train_resolution": 9, "rows": rows}


def curves(figure):
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


def drawn_points(figure):
    """Where the curves of a figure pass through: {label: (x, y)}."""
    return {label: (list(line.get_xdata()), list(line.get_ydata())) for label, line in curves(figure).items()}


def panels(figure):
    """The fields of a figure by the titles of their panels."""
    return {axes.get_title(): axes.collections[0] for axes in figure.axes if axes.get_title()}


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


def test_curves_of_errors_pass_through_the_numbers_of_the_report_and_of_the_references():
    figure = plots.errors_by_grid([report("mano", 2.0)], {"coarse solve": {9: 0.1, 17: 0.01}})
    assert drawn_points(figure) == {
        "MANO, direct": ([9, 17, 33], [2 / 9, 2 / 17, 2 / 33]),
        "MANO, resample": ([9, 17, 33], [2 / 9] * 3),
        "coarse solve": ([9, 17], [0.1, 0.01]),
    }
    [trained] = [line for line in figure.axes[0].lines if line.get_label().startswith("_")]
    assert set(trained.get_xdata()) == {9}


@pytest.mark.parametrize("count", [2, 9])
def test_curves_differ_without_colour(count):
    """By marker, whether it is filled, and line; beyond six models marker and colour begin again."""
    named = {f"model {i}": report("mano", 1.0 + i) for i in range(count)}
    found = curves(plots.errors_by_grid(named, {"coarse solve": {9: 0.1, 17: 0.01}}))
    assert len(found) == 2 * count + 1
    looks = {
        (line.get_marker(), line.get_linestyle(), to_hex(line.get_markerfacecolor()) == "#ffffff")
        for line in found.values()
    }
    assert len(looks) == 2 * min(count, 6) + 1


def test_what_is_left_out_is_not_drawn_and_references_stand_alone():
    left = report("fno", 1.0)
    for row in left["rows"]:
        row["direct"] = {"left_out": "why"}
    assert drawn_points(plots.errors_by_grid([left])) == {"FNO, resample": ([9, 17, 33], [1 / 9] * 3)}
    alone = plots.errors_by_grid(references={"coarse solve": {9: 0.1, 17: 0.01}})
    assert drawn_points(alone) == {"coarse solve": ([9, 17], [0.1, 0.01])}
    assert [tick.get_text() for tick in alone.axes[0].get_xticklabels()] == ["9", "17"]


def test_errors_by_time_name_their_points_and_leave_plain_baselines_open():
    figure = plots.errors_by_time({"MANO": {"31": (5.0, 0.01)}}, {"solve": {"31": (1.0, 0.02), "61": (3.0, 0.01)}})
    assert {(text.get_text(), text.xy) for text in figure.axes[0].texts} == {
        ("31", (5.0, 0.01)),
        ("31", (1.0, 0.02)),
        ("61", (3.0, 0.01)),
    }
    assert drawn_points(figure) == {"MANO": ([5.0], [0.01]), "solve": ([1.0, 3.0], [0.02, 0.01])}
    found = curves(figure)
    assert to_hex(found["solve"].get_markerfacecolor()) == "#ffffff"
    assert to_hex(found["MANO"].get_markerfacecolor()) != "#ffffff"
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ("log", "log")
    assert figure.axes[0].get_xlabel() == "milliseconds a sample"


def test_errors_by_part_leave_out_parts_that_nothing_has():
    figure = plots.error_breakdown({"MANO": {"relative_low": 0.01, "relative_boundary": 0.1}})
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["|k| < 5", "outermost points"]
    assert drawn_points(figure) == {"MANO": ([0.01, 0.1], [0, 1])}


def test_learning_curves_without_validation():
    history = [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.1}]
    assert drawn_points(plots.learning_curves({"mano": history})) == {"MANO, training loss": ([1, 2], [0.5, 0.1])}
    assert drawn_points(plots.learning_curves({})) == {}  # before the first epoch


def test_learning_curves_show_loss_and_validation_of_every_epoch():
    history = [
        {"epoch": epoch, "train_loss": 1 / epoch, "validation": {"relative_l2": 2 / epoch, "relative_h1": 9.0}}
        for epoch in (1, 2, 3)
    ]
    assert drawn_points(plots.learning_curves({"fno": history})) == {
        "FNO, training loss": ([1, 2, 3], [1, 1 / 2, 1 / 3]),
        "FNO, validation, relative L2": ([1, 2, 3], [2, 1, 2 / 3]),
    }


def test_a_wave_stands_at_its_wave_number_in_spectra():
    x = np.arange(32) / 32
    wave = np.broadcast_to(np.cos(2 * np.pi * 6 * x)[None, :, None], (2, 32, 32))
    figure = plots.spectra(wave, {"MANO": 1.1 * wave}, trained=9)
    solution, predicted, error = (curves(figure)[name] for name in ("solution", "MANO", "MANO, error"))
    np.testing.assert_array_equal(solution.get_xdata(), np.arange(1, 17))
    np.testing.assert_allclose(solution.get_ydata()[5], 0.5, rtol=1e-6)  # the mean square of a cosine
    np.testing.assert_allclose(predicted.get_ydata()[5], 1.21 * 0.5, rtol=1e-6)
    assert solution.get_xdata()[np.argmax(solution.get_ydata())] == 6
    np.testing.assert_allclose(error.get_ydata()[5], 0.01 * solution.get_ydata()[5], rtol=1e-6)


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_figure_is_saved_as_the_same_bytes(tmp_path, suffix):
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in (first, second):
        plots.save(plots.fields({"one": X}, GRID), path)
    assert first.read_bytes() == second.read_bytes()
    if suffix == ".png":
        assert imread(first).std() > 0.1
    else:
        assert first.read_text().startswith("<?xml")
    with pytest.raises(InputError, match=r"figure\.tiff: figures are written as \.png or \.svg"):
        plots.save(plots.fields({"one": X}, GRID), tmp_path / "figure.tiff")
