"""Errors against resolution, part of the field and epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pde.plots.style import legend, model_styles, reference_markers, ruled, whole_numbers, wide
from pde.runs.build import title_of

Report = Mapping[str, Any]


def errors_by_grid(
    reports: Sequence[Report] | Mapping[str, Report] = (),
    references: Mapping[str, Mapping[int, float]] | None = None,
) -> Figure:
    """Mean relative L2 against the resolution: direct (full) beside resample (dashed), both axes logarithmic.

    Args:
        reports: results of `pde.evaluation.evaluate.evaluate` by name, or a sequence of those of different models.
        references: further curves by name, {resolution: error}, such as those of
            `pde.evaluation.baselines.errors_by_scheme`; they may be drawn without reports.
    """
    named = reports if isinstance(reports, Mapping) else {title_of(each["model"]): each for each in reports}
    figure, axes = wide()
    for (name, report), (marker, colour) in zip(named.items(), model_styles(), strict=False):
        grids = [row["resolution"] for row in report["rows"]]
        for mode, line, face in (("direct", "-", colour), ("resample", "--", "white")):
            errors = [row[mode].get("relative_l2", np.nan) for row in report["rows"]]  # NaN is not drawn
            if np.isfinite(errors).any():
                style: dict[str, Any] = {"marker": marker, "color": colour, "markerfacecolor": face}
                axes.plot(grids, errors, line, label=f"{name}, {mode}", **style)
    for (name, errors), marker in zip((references or {}).items(), reference_markers(), strict=False):
        axes.plot(list(errors), list(errors.values()), ":", marker=marker, color="black", label=name)
    axes.set(xscale="log", yscale="log", xlabel="points a side", ylabel="mean relative L2 error")
    evaluated = {row["resolution"] for report in named.values() for row in report["rows"]}
    whole_numbers(axes, sorted(evaluated or {grid for errors in (references or {}).values() for grid in errors}))
    for trained in {report["train_resolution"] for report in named.values()}:
        axes.axvline(trained, color="0.7", linewidth=1, zorder=0)
    ruled(axes)
    legend(figure)
    return figure


_WHERE = {
    "relative_low": "|k| < 5",
    "relative_middle": "5 ≤ |k| < 13",
    "relative_high": "13 ≤ |k|",
    "relative_boundary": "outermost points",
    "relative_near_interface": "near interfaces",
    "relative_elsewhere": "elsewhere",
}


def error_breakdown(errors: Mapping[str, Report]) -> Figure:
    """The root mean square error in each Fourier band and on each part of the grid, over that of the solution.

    Args:
        errors: errors of `pde.evaluation.compare.compare` on one grid, by name; for example
            `report["rows"][0]["direct"]` of `pde.evaluation.evaluate.evaluate`.
    """
    figure, axes = wide(3.6)
    shown = [key for key in _WHERE if any(each.get(key) is not None for each in errors.values())]
    for (name, each), (marker, colour) in zip(errors.items(), model_styles(), strict=False):
        values = [each.get(key, np.nan) for key in shown]
        axes.plot(values, range(len(shown)), linestyle="", marker=marker, color=colour, label=name)
    axes.set_yticks(range(len(shown)), [_WHERE[key] for key in shown])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="root mean square error / root mean square of the solution")
    ruled(axes, "both")
    legend(figure)
    return figure


def learning_curves(histories: Mapping[str, Sequence[Report]]) -> Figure:
    """Relative L2 on the validation samples (full) and training loss (dotted) against the epoch, by model.

    Args:
        histories: lines of metrics.jsonl (`pde.runs.run.history`) by name.
    """
    figure, axes = wide(3.6)
    for (name, history), (marker, colour) in zip(histories.items(), model_styles(), strict=False):
        epochs = [line["epoch"] for line in history]
        style = {"color": colour, "marker": marker, "markevery": max(1, len(epochs) // 8)}
        losses = [line["train_loss"] for line in history]
        axes.plot(epochs, losses, ":", markerfacecolor="white", label=f"{title_of(name)}, training loss", **style)
        errors = [line["validation"]["relative_l2"] for line in history if "validation" in line]
        if errors:
            axes.plot(epochs, errors, label=f"{title_of(name)}, validation, relative L2", **style)
    axes.set(yscale="log", xlabel="epoch", ylabel="mean relative error")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    ruled(axes)
    if histories:
        legend(figure)
    return figure
