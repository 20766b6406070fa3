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


def test_each_field_may_have_its_own_grid():
    coarse = GRID.strided(2)
    figure = plots.fields({"fine": X, "coarse": X[::2, ::2]}, [GRID, coarse])
    assert [each.get_array().shape for each in panels(figure).values()] == [(5, 9), (3, 5)]


def test_predictions_share_the_scale_of_the_solution_and_errors_one_about_zero():
    solution = X * (2 - X) * Y * (1 - Y)
    figure = plots.sample_fields(
        X, solution, {"good": 1.01 * solution, "bad": 1.5 * solution}, GRID, name="source"
    )
    drawn = panels(figure)
    assert drawn["good"].get_clim() == drawn["bad"].get_clim() == drawn["solution"].get_clim()
    largest = 0.5 * solution.max()
    for title in ("error, relative L2 0.0100", "error, relative L2 0.5000"):
        np.testing.assert_allclose(drawn[title].get_clim(), (-largest, largest))
    assert "source" in drawn


def test_a_sample_that_nothing_predicts_and_one_that_is_nan_can_be_drawn():
    plots.sample_fields(X, Y, {}, GRID)
    plots.worst_samples([("sample 3", X, Y, np.full_like(Y, np.nan))], GRID, name="source")


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
    assert list(curves(plots.errors_by_grid([left]))) == ["FNO, resample"]
    alone = plots.errors_by_grid(references={"coarse solve": {9: 0.1, 17: 0.01}})
    assert [tick.get_text() for tick in alone.axes[0].get_xticklabels()] == ["9", "17"]


def test_errors_by_time_name_their_points_and_leave_plain_baselines_open():
    figure = plots.errors_by_time({"MANO": {"31": (5.0, 0.01)}}, {"solve": {"31": (1.0, 0.02), "61": (3.0, 0.01)}})
    assert {text.get_text() for text in figure.axes[0].texts} == {"31", "61"}
    found = curves(figure)
    assert to_hex(found["solve"].get_markerfacecolor()) == "#ffffff"
    assert to_hex(found["MANO"].get_markerfacecolor()) != "#ffffff"
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ("log", "log")
    assert figure.axes[0].get_xlabel() == "milliseconds a sample"


def test_errors_by_part_leave_out_parts_that_nothing_has():
    figure = plots.errors_by_part({"MANO": {"relative_low": 0.01, "relative_boundary": 0.1}})
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["|k| < 5", "outermost points"]


def test_learning_curves_without_validation():
    history = [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.1}]
    assert list(curves(plots.learning_curves({"mano": history}))) == ["MANO, training loss"]
    plots.learning_curves({})  # before the first epoch


def test_a_wave_stands_at_its_wave_number_in_spectra():
    x = np.arange(32) / 32
    wave = np.broadcast_to(np.cos(2 * np.pi * 6 * x)[None, :, None], (2, 32, 32))
    figure = plots.spectra(wave, {"MANO": 1.1 * wave}, trained=9)
    solution, error = curves(figure)["solution"], curves(figure)["MANO, error"]
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
