import pytest
from matplotlib.colors import to_hex

from pde import plots
from tests.plots.drawn import curves, drawn_points, report


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


def test_error_breakdown_leaves_out_regions_that_nothing_has():
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
