"""Errors against time."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from pde.plots.style import legend, model_styles, open_markers, ruled, wide

Points = Mapping[str, tuple[float, float]]


def errors_by_time(
    trained: Mapping[str, Points],
    plain: Mapping[str, Points] | None = None,
    *,
    time: str = "milliseconds a sample",
) -> Figure:
    """Mean relative L2 against time, both axes logarithmic: lower and further left is better.

    Points of one curve are joined in their order, and each is labelled. `pde.reports.text.costs` gives the points
    of an evaluation.

    Args:
        trained: {name: {point: (time, error)}} of trained models, drawn with filled markers.
        plain: the same for methods without training, drawn with open markers.
        time: label of the time axis, with its unit.
    """
    figure, axes = wide()
    for (name, points), (marker, colour) in zip(trained.items(), model_styles(), strict=False):
        axes.plot(*_columns(points), "-", marker=marker, color=colour, label=name)
    for (name, points), marker in zip((plain or {}).items(), open_markers(), strict=False):
        axes.plot(*_columns(points), ":", marker=marker, color="black", markerfacecolor="white", label=name)
    for points in (*trained.values(), *(plain or {}).values()):
        for point, at in points.items():
            axes.annotate(point, at, xytext=(5, 4), textcoords="offset points", fontsize=7)
    axes.set(xscale="log", yscale="log", xlabel=time, ylabel="mean relative L2 error")
    ruled(axes, "both")
    legend(figure)
    return figure


def _columns(points: Points) -> tuple[list[float], list[float]]:
    return [time for time, _ in points.values()], [error for _, error in points.values()]
