"""One field over its true coordinates: a line on one axis, colours on two, and a plane of three.

A vector is drawn by the colours of its length and by arrows.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from pde.grids.grid import AXES, Grid
from pde.system.errors import InputError

Field = Float[np.ndarray, "..."]
"""A scalar (*grid), or a vector (*grid, component) with a component for each axis."""
Plane = tuple[str, float]
"""An axis across a plane, and the coordinate on it, such as ("z", 0.5)."""

_LINE = "#1f5a94"
_ARROWS = 14
"""Largest number of arrows along an axis."""


def lengths(field: Field, grid: Grid) -> Float[np.ndarray, "*grid"]:
    """Return a scalar as it is, the one component of a vector on one axis, or the length of a vector."""
    if field.ndim == len(grid.axes):
        return field
    return field[..., 0] if field.shape[-1] == 1 else np.linalg.norm(field, axis=-1)


def shown_axes(grid: Grid, plane: Plane | None) -> tuple[int, ...]:
    """Return the axes that a drawing shows.

    Raises:
        InputError: the grid has not three axes, or none of the plane's name.
    """
    axes = tuple(range(len(grid.axes)))
    if plane is None:
        return axes[:2]
    if len(axes) != 3 or plane[0] not in AXES:
        raise InputError(f"plane {plane}: give one of x, y and z and a coordinate, for a grid of three axes")
    return tuple(axis for axis in axes if axis != AXES.index(plane[0]))


def draw(axes: Axes, field: Field, grid: Grid, title: str, plane: Plane | None, **colours: Any) -> QuadMesh | None:
    """Draw a field; return what needs a bar of colours."""
    axes.set_title(title, fontsize=8)
    axes.tick_params(labelsize=7)
    values = lengths(field, grid)
    if len(grid.axes) == 1:
        axes.plot(grid.x, values, color=_LINE, linewidth=1)
        axes.set(xlim=grid.ends[0])
        axes.update_datalim([(grid.x[0], colours[end]) for end in ("vmin", "vmax") if end in colours])
        axes.autoscale_view(scalex=False)
        return None
    across, up = shown_axes(grid, plane)
    x, y = grid.axes[across], grid.axes[up]
    cut = _cut(grid, plane)
    drawn = axes.pcolormesh(x, y, values[cut].T, shading="nearest", rasterized=True, **colours)
    if field.ndim > values.ndim:
        step = max(1, -(-max(len(x), len(y)) // _ARROWS))
        every = np.s_[step // 2 :: step]
        right, upwards = (field[..., axis][cut][every, every].T for axis in (across, up))
        longest = colours.get("vmax") or float(np.nanmax(values)) or 1.0  # one scale for all fields of one scale
        axes.quiver(
            *(x[every], y[every], right, upwards),
            **{"color": "white", "edgecolor": "black", "linewidth": 0.4, "scale": longest * _ARROWS / 2},
        )
    axes.set(aspect="equal", xlim=grid.ends[across], ylim=grid.ends[up])
    return drawn


def _cut(grid: Grid, plane: Plane | None) -> tuple[slice | int, ...]:
    """Return the places of the points of a plane, by default the middle one across the third axis."""
    whole = slice(None)
    if len(grid.axes) == 2:
        return whole, whole
    if plane is None:
        return whole, whole, grid.shape[2] // 2
    axis = AXES.index(plane[0])
    nearest = int(np.abs(grid.axes[axis] - plane[1]).argmin())
    return tuple(nearest if number == axis else whole for number in range(3))
