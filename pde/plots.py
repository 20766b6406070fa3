"""Figures of data, predictions and errors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from pde.files import write_aside
from pde.grid import Grid

Field = Float[np.ndarray, "height width"]

# Readable in greyscale: models differ by marker, ways of evaluating by line.
_MARKERS = "osD^vP"
_REFERENCE_MARKERS = "x+12"
_COLOURS = ("#1f5a94", "#c4551c", "#3a7d44", "#6a4c93", "#444444", "#a01a58")


def errors_by_grid(
    reports: Sequence[Mapping[str, Any]], references: Mapping[str, Mapping[int, float]] | None = None
) -> Figure:
    """Mean relative L2 against the resolution: direct (full) beside resample (dashed), both axes logarithmic.

    Args:
        reports: what `pde.evaluation.evaluate` returns.
        references: further curves by name, {resolution: error}.
    """
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for report, marker, colour in zip(reports, _MARKERS, _COLOURS, strict=False):
        grids = [row["resolution"] for row in report["rows"]]
        for mode, line in (("direct", "-"), ("resample", "--")):
            errors = [row[mode].get("relative_l2", np.nan) for row in report["rows"]]  # NaN is not drawn
            label = f"{report['model'].upper()}, {mode}"
            axes.plot(
                grids,
                errors,
                line,
                marker=marker,
                color=colour,
                label=label,
                markerfacecolor="white" if line == "--" else colour,
            )
    for (name, errors), marker in zip((references or {}).items(), _REFERENCE_MARKERS, strict=False):
        axes.plot(list(errors), list(errors.values()), ":", marker=marker, color="black", label=name)
    axes.set(xscale="log", yscale="log", xlabel="points a side", ylabel="mean relative L2 error")
    ticks = sorted({row["resolution"] for report in reports for row in report["rows"]})
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.axvline(reports[0]["train_resolution"], color="0.7", linewidth=1, zorder=0)
    axes.grid(which="both", axis="y", color="0.9")
    axes.legend(fontsize=8)
    return figure


def learning_curves(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Relative L2 on the validation part (full) and training loss (dotted) against the epoch, by model."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for (name, history), colour in zip(histories.items(), _COLOURS, strict=False):
        epochs = [line["epoch"] for line in history]
        axes.plot(
            epochs,
            [line["train_loss"] for line in history],
            ":",
            color=colour,
            label=f"{name.upper()}, training loss",
        )
        if "validation" in history[0]:
            errors = [line["validation"]["relative_l2"] for line in history]
            axes.plot(epochs, errors, color=colour, label=f"{name.upper()}, validation relative L2")
    axes.set(yscale="log", xlabel="epoch", ylabel="error")
    axes.grid(which="both", axis="y", color="0.9")
    axes.legend(fontsize=8)
    return figure


def sample_fields(
    given: Field,
    solution: Field,
    predictions: Mapping[str, Field],
    grid: Grid,
    name: str = "input",
) -> Figure:
    """An input, by its name, and the solution, then each prediction above its error.

    Predictions share the solution's scale; each error has its own, symmetric about zero.
    """
    columns = 1 + len(predictions)
    figure = Figure(figsize=(2.5 * columns, 4.5), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False)
    low, high = float(solution.min()), float(solution.max())
    _field(axes[0, 0], given, grid, name, cmap="cividis")
    _field(axes[1, 0], solution, grid, "solution", cmap="viridis", vmin=low, vmax=high)
    for column, (way, predicted) in enumerate(predictions.items(), start=1):
        error = predicted - solution
        worst, relative = float(np.abs(error).max()), np.linalg.norm(error) / np.linalg.norm(solution)
        _field(axes[0, column], predicted, grid, way, cmap="viridis", vmin=low, vmax=high)
        title = f"error, relative L2 {relative:.4f}"
        _field(axes[1, column], error, grid, title, cmap="RdBu_r", vmin=-worst, vmax=worst)
    return figure


def worst_samples(samples: Sequence[tuple[str, Field, Field, Field]], grid: Grid) -> Figure:
    """One column a sample of title, input, solution and prediction; the last two share a scale."""
    figure = Figure(figsize=(2.5 * len(samples), 8.6), layout="constrained")
    axes = figure.subplots(4, len(samples), squeeze=False)
    for column, (title, given, solution, predicted) in zip(axes.T, samples, strict=True):
        low, high = float(solution.min()), float(solution.max())
        error = predicted - solution
        worst = float(np.nan_to_num(np.abs(error)).max())
        _field(column[0], given, grid, title, cmap="cividis")
        _field(column[1], solution, grid, "solution", cmap="viridis", vmin=low, vmax=high)
        _field(column[2], predicted, grid, "prediction", cmap="viridis", vmin=low, vmax=high)
        _field(column[3], error, grid, "error", cmap="RdBu_r", vmin=-worst, vmax=worst)
    return figure


def _field(axes: Axes, field: Field, grid: Grid, title: str, **colours: Any) -> None:
    """One field over its true coordinates, x to the right and y upwards."""
    drawn = axes.pcolormesh(grid.x, grid.y, field.T, shading="nearest", rasterized=True, **colours)
    axes.set_aspect("equal")
    axes.set_title(title, fontsize=8)
    axes.set(xlabel="x", ylabel="y")
    axes.tick_params(labelsize=7)
    bar = axes.figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.03)
    bar.ax.tick_params(labelsize=7)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    with write_aside(path) as aside:
        figure.savefig(aside, format="png", dpi=140)
