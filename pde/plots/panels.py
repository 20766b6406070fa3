"""Fields over their true coordinates: x to the right, y upwards.

Fields on one axis are drawn as lines, those on three as the plane in the middle of the third.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from pde.grids.grid import Grid
from pde.system.numbers import short

Field = Float[np.ndarray, "*grid"]

_INPUT, _SOLUTION, _ERROR = "cividis", "viridis", "RdBu_r"  # darker means a larger error, in greyscale too
_LINE = "#1f5a94"


def fields(
    panels: Mapping[str, Field], grid: Grid | Sequence[Grid], *, shared: bool = False, unit: str = ""
) -> Figure:
    """Fields side by side, titled by their names.

    Args:
        panels: fields by title.
        grid: grid of all fields, or the grid of each.
        shared: draw all fields in one scale, with one bar.
        unit: unit of the coordinates.
    """
    grids = [grid] * len(panels) if isinstance(grid, Grid) else grid
    figure, axes = _panels(1, len(panels), grids[0])
    lows, highs = zip(*((float(field.min()), float(field.max())) for field in panels.values()), strict=True)
    scale = {"vmin": min(lows), "vmax": max(highs)} if shared else {}
    for place, on, (title, field) in zip(axes[0], grids, panels.items(), strict=True):
        drawn = _draw(place, field, on, title, cmap=_INPUT, **scale)
        if not shared or place is axes[0, -1]:
            _bar(drawn, place)
    _label(axes, unit, len(grids[0].axes))
    return figure


def sample_fields(
    field: Field,
    solution: Field,
    predictions: Mapping[str, Field],
    grid: Grid,
    name: str = "coefficient",
    *,
    unit: str = "",
) -> Figure:
    """Draw an input and the solution, then each prediction above its error.

    Predictions share the solution's scale; errors share a scale that is symmetric about zero.

    Args:
        field: an input.
        solution: the reference solution.
        predictions: predictions by title.
        grid: grid of all fields.
        name: name of the input.
        unit: unit of the coordinates.
    """
    figure, axes = _panels(2, 1 + len(predictions), grid)
    scale = {"cmap": _SOLUTION, "vmin": float(solution.min()), "vmax": float(solution.max())}
    worst = max((_largest(predicted - solution) for predicted in predictions.values()), default=0.0)
    _bar(_draw(axes[0, 0], field, grid, name, cmap=_INPUT), axes[0, 0])
    _bar(_draw(axes[1, 0], solution, grid, "solution", **scale), axes[1, 0])
    for column, (title, predicted) in zip(axes.T[1:], predictions.items(), strict=True):
        error = predicted - solution
        relative = float(np.linalg.norm(error) / np.linalg.norm(solution))
        drawn = [
            _draw(column[0], predicted, grid, title, **scale),
            _draw(column[1], error, grid, f"error, relative L2 {short(relative)}", **_symmetric(worst)),
        ]
        if column[0] is axes[0, -1]:
            for mesh, place in zip(drawn, column, strict=True):
                _bar(mesh, place)
    _label(axes, unit, len(grid.axes))
    return figure


def worst_samples(
    samples: Sequence[tuple[str, Field, Field, Field]], grid: Grid, *, name: str = "coefficient", unit: str = ""
) -> Figure:
    """Draw title, input, solution and prediction of each sample in a column; the last two share a scale.

    Args:
        samples: title, input, solution and prediction of each.
        grid: grid of all fields.
        name: name of the input.
        unit: unit of the coordinates.
    """
    figure, axes = _panels(4, len(samples), grid)
    for column, (title, field, solution, predicted) in zip(axes.T, samples, strict=True):
        scale = {"cmap": _SOLUTION, "vmin": float(solution.min()), "vmax": float(solution.max())}
        error = predicted - solution
        drawn = [
            _draw(column[0], field, grid, f"{title}\n{name}", cmap=_INPUT),
            _draw(column[1], solution, grid, "solution", **scale),
            _draw(column[2], predicted, grid, "prediction", **scale),
            _draw(column[3], error, grid, "error", **_symmetric(_largest(error))),
        ]
        for mesh, place in zip(drawn, column, strict=True):
            _bar(mesh, place)
    _label(axes, unit, len(grid.axes))
    return figure


def _panels(rows: int, columns: int, grid: Grid) -> tuple[Figure, np.ndarray]:
    """Empty panels of the domain's shape."""
    sides = [high - low for low, high in grid.ends]
    height = 2.0 * min(max(sides[1] / sides[0], 0.3), 2.0) if len(sides) > 1 else 1.6
    figure = Figure(figsize=(2.5 * columns + 0.6, rows * (height + 0.35) + 0.3))
    figure.set_layout_engine("constrained", w_pad=0.08)  # else the numbers below neighbours touch
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=len(sides) > 1)


def _draw(axes: Axes, field: Field, grid: Grid, title: str, **colours: Any) -> QuadMesh | None:
    """Draw a field; return what needs a bar of colours."""
    drawn = None
    if len(grid.axes) == 1:
        axes.plot(grid.x, field, color=_LINE, linewidth=1)
        axes.set(xlim=grid.ends[0])
        axes.update_datalim([(grid.x[0], colours[end]) for end in ("vmin", "vmax") if end in colours])
        axes.autoscale_view(scalex=False)
    else:
        plane = field if field.ndim == 2 else field[..., field.shape[-1] // 2]
        drawn = axes.pcolormesh(grid.x, grid.y, plane.T, shading="nearest", rasterized=True, **colours)
        axes.set(aspect="equal", xlim=grid.ends[0], ylim=grid.ends[1])
    axes.set_title(title, fontsize=8)
    axes.tick_params(labelsize=7)
    return drawn


def _bar(drawn: QuadMesh | None, axes: Axes) -> None:
    if drawn is None:
        return
    bar = axes.figure.colorbar(drawn, cax=axes.inset_axes((1.04, 0, 0.05, 1)))  # as high as the panel
    bar.ax.tick_params(labelsize=7)


def _label(axes: np.ndarray, unit: str, drawn_on: int) -> None:
    """Write the names of the coordinates below and, of grids with more than one axis, at the left."""
    beside = f" in {unit}" if unit else ""
    for place in axes[-1]:
        place.set_xlabel(f"x{beside}", fontsize=8)
    for place in axes[:, 0] if drawn_on > 1 else ():
        place.set_ylabel(f"y{beside}", fontsize=8)


def _largest(error: Field) -> float:
    return float(np.nan_to_num(np.abs(error)).max())


def _symmetric(worst: float) -> dict[str, Any]:
    return {"cmap": _ERROR, "vmin": -worst, "vmax": worst}
