"""Fields over their true coordinates: x to the right, y upwards.

Fields on one axis are drawn as lines, those on three in a plane, by default the middle one across the third axis.
Vectors have arrows (`pde.plots.drawing`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from pde.grids.grid import AXES, Grid
from pde.plots.drawing import Field, Plane, draw, lengths, shown_axes
from pde.system.numbers import short

_INPUT, _SOLUTION, _ERROR = "cividis", "viridis", "RdBu_r"  # darker means a larger error, in greyscale too


def fields(
    panels: Mapping[str, Field],
    grid: Grid | Sequence[Grid],
    *,
    shared: bool = False,
    unit: str = "",
    plane: Plane | None = None,
) -> Figure:
    """Fields side by side, titled by their names.

    Args:
        panels: fields by title.
        grid: grid of all fields, or the grid of each.
        shared: draw all fields in one scale, with one bar.
        unit: unit of the coordinates.
        plane: plane to draw of fields on three axes, such as ("x", 0.5); by default the middle one across z.
    """
    grids = [grid] * len(panels) if isinstance(grid, Grid) else grid
    figure, axes = _panels(1, len(panels), grids[0], plane)
    shown = [lengths(field, on) for field, on in zip(panels.values(), grids, strict=True)]
    lows, highs = zip(*((float(field.min()), float(field.max())) for field in shown), strict=True)
    scale = {"vmin": min(lows), "vmax": max(highs)} if shared else {}
    for place, on, (title, field) in zip(axes[0], grids, panels.items(), strict=True):
        drawn = draw(place, field, on, title, plane, cmap=_INPUT, **scale)
        if not shared or place is axes[0, -1]:
            _bar(drawn, place)
    _label(axes, unit, grids[0], plane)
    return figure


def sample_fields(
    field: Field,
    solution: Field,
    predictions: Mapping[str, Field],
    grid: Grid,
    name: str = "coefficient",
    *,
    output: str = "solution",
    unit: str = "",
    plane: Plane | None = None,
) -> Figure:
    """Draw an input and an output, such as the solution, then each prediction above its error.

    Predictions share the output's scale; errors share a scale that is symmetric about zero.

    Args:
        field: an input.
        solution: the true output.
        predictions: predictions by title.
        grid: grid of all fields.
        name: name of the input.
        output: name of the output.
        unit: unit of the coordinates.
        plane: plane to draw of fields on three axes, such as ("x", 0.5); by default the middle one across z.
    """
    figure, axes = _panels(2, 1 + len(predictions), grid, plane)
    scale = _scale(lengths(solution, grid))
    worst = max((_largest(lengths(predicted - solution, grid)) for predicted in predictions.values()), default=0.0)
    _bar(draw(axes[0, 0], field, grid, name, plane, cmap=_INPUT), axes[0, 0])
    _bar(draw(axes[1, 0], solution, grid, output, plane, **scale), axes[1, 0])
    for column, (title, predicted) in zip(axes.T[1:], predictions.items(), strict=True):
        error = predicted - solution
        relative = float(np.linalg.norm(error) / np.linalg.norm(solution))
        drawn = [
            draw(column[0], predicted, grid, title, plane, **scale),
            draw(column[1], error, grid, f"error, relative L2 {short(relative)}", plane, **_symmetric(worst)),
        ]
        if column[0] is axes[0, -1]:
            for mesh, place in zip(drawn, column, strict=True):
                _bar(mesh, place)
    _label(axes, unit, grid, plane)
    return figure


def worst_samples(
    samples: Sequence[tuple[str, Field, Field, Field]],
    grid: Grid,
    *,
    name: str = "coefficient",
    output: str = "solution",
    unit: str = "",
    plane: Plane | None = None,
) -> Figure:
    """Draw title, input, output and prediction of each sample in a column; the last two share a scale.

    Args:
        samples: title, input, output and prediction of each.
        grid: grid of all fields.
        name: name of the input.
        output: name of the output.
        unit: unit of the coordinates.
        plane: plane to draw of fields on three axes, such as ("x", 0.5); by default the middle one across z.
    """
    figure, axes = _panels(4, len(samples), grid, plane)
    for column, (title, field, solution, predicted) in zip(axes.T, samples, strict=True):
        scale, error = _scale(lengths(solution, grid)), predicted - solution
        drawn = [
            draw(column[0], field, grid, f"{title}\n{name}", plane, cmap=_INPUT),
            draw(column[1], solution, grid, output, plane, **scale),
            draw(column[2], predicted, grid, "prediction", plane, **scale),
            draw(column[3], error, grid, "error", plane, **_symmetric(_largest(lengths(error, grid)))),
        ]
        for mesh, place in zip(drawn, column, strict=True):
            _bar(mesh, place)
    _label(axes, unit, grid, plane)
    return figure


def _panels(rows: int, columns: int, grid: Grid, plane: Plane | None) -> tuple[Figure, np.ndarray]:
    """Empty panels of the domain's shape."""
    sides = [grid.ends[axis][1] - grid.ends[axis][0] for axis in shown_axes(grid, plane)]
    height = 2.0 * min(max(sides[1] / sides[0], 0.3), 2.0) if len(sides) > 1 else 1.6
    figure = Figure(figsize=(2.5 * columns + 0.6, rows * (height + 0.35) + 0.3))
    figure.set_layout_engine("constrained", w_pad=0.08)  # else the numbers below neighbours touch
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=len(sides) > 1)


def _bar(drawn: QuadMesh | None, axes: Axes) -> None:
    if drawn is None:
        return
    bar = axes.figure.colorbar(drawn, cax=axes.inset_axes((1.04, 0, 0.05, 1)))  # as high as the panel
    bar.ax.tick_params(labelsize=7)


def _label(axes: np.ndarray, unit: str, grid: Grid, plane: Plane | None) -> None:
    """Write the names of the coordinates below and, of grids with more than one axis, at the left."""
    beside = f" in {unit}" if unit else ""
    across, *up = (AXES[axis] for axis in shown_axes(grid, plane))
    for place in axes[-1]:
        place.set_xlabel(f"{across}{beside}", fontsize=8)
    for place in axes[:, 0] if up else ():
        place.set_ylabel(f"{up[0]}{beside}", fontsize=8)


def _scale(solution: Field) -> dict[str, Any]:
    return {"cmap": _SOLUTION, "vmin": float(solution.min()), "vmax": float(solution.max())}


def _largest(error: Field) -> float:
    return float(np.nan_to_num(np.abs(error)).max())


def _symmetric(worst: float) -> dict[str, Any]:
    return {"cmap": _ERROR, "vmin": -worst, "vmax": worst}
