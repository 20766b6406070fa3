from matplotlib.colors import to_hex

from pde import plots
from tests.plots.drawn import curves, drawn_points


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
