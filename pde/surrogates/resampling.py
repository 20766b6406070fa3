"""Predictions on the training grid interpolated to another grid by cubic splines that use a zero border."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray, interpolate
from pde.grids.grid import Grid


def carried(
    predicted: Float[AnyArray, "sample height width 1"], trained: Grid, on: Grid
) -> Float[AnyArray, "sample new_height new_width 1"]:
    """Interpolate predictions on the training grid to another grid.

    If either grid declares a zero border, zero values on the border of the domain are added first.
    """
    if on.matches(trained):
        return predicted
    declared = on if on.boundary == "zero" else trained
    if declared.boundary == "zero":
        predicted, trained = add_zero_border(predicted, replace(trained, domain=declared.domain))
    return interpolate(predicted, (trained.x, trained.y), (on.x, on.y))


def add_zero_border(
    fields: Float[AnyArray, "sample height width channel"], grid: Grid
) -> tuple[Float[AnyArray, "sample new_height new_width channel"], Grid]:
    """Add zeros to fields on the borders of the domain where the grid has no points."""
    x0, x1, y0, y1 = grid.extent
    (x, rows), (y, columns) = _with_border(grid.x, x0, x1), _with_border(grid.y, y0, y1)
    widths, extended = ((0, 0), rows, columns, (0, 0)), replace(grid, x=x, y=y)
    if isinstance(fields, Array):
        return jnp.pad(fields, widths), extended
    return np.pad(fields, widths), extended


def _with_border(axis: np.ndarray, low: float, high: float) -> tuple[np.ndarray, tuple[int, int]]:
    slack = 1e-5 * (high - low)
    before, after = int(axis[0] > low + slack), int(axis[-1] < high - slack)
    return np.concatenate([[low] * before, axis, [high] * after]), (before, after)
