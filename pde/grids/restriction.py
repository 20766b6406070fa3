"""Fields of a fine grid restricted to the points of a coarser one: values at the points, or means over cells.

The cell of a point reaches halfway to its neighbours; at the ends of an axis it reaches as far to the other side,
but not out of the domain. A fine value holds on its own cell. So on nodes, with an even stride, the ends of a cell
count half, as in the dual cells of `pde.solvers.upscaling.upscale`.
"""

from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import along_each_axis, nearest
from pde.grids.grid import Grid

Restriction = Literal["stride", "means"]

Fine = Float[Array, "sample *fine_grid channel"]
Coarse = Float[Array, "sample *grid channel"]


def at_points(fields: Fine, fine: Grid, grid: Grid) -> Coarse:
    """The values at the points of a grid, or at the nearest fine points if the grids are not nested."""
    places, _ = nearest(fine.axes, grid.axes)
    return fields[:, *np.ix_(*places)]


def cell_means(fields: Fine, fine: Grid, grid: Grid) -> Float[Array, "sample *grid two_channels"]:
    """For each channel the arithmetic and the harmonic mean of positive values over the cells of a grid."""
    weights = [jnp.asarray(each, fields.dtype) for each in cell_weights(fine, grid)]
    both = jnp.stack([along_each_axis(weights, fields), 1 / along_each_axis(weights, 1 / fields)], axis=-1)
    return both.reshape(*both.shape[:-2], -1)


def cell_weights(fine: Grid, grid: Grid) -> tuple[Float[np.ndarray, "_ _"], ...]:
    """The fractions of each cell of a grid that belong to the fine points, along each axis; they sum to one."""
    axes = zip(fine.axes, grid.axes, fine.ends, fine.periods, strict=True)
    return tuple(
        _overlaps(points, coarse, low, high) if period is None else _overlaps_around(points, coarse, period)
        for points, coarse, (low, high), period in axes
    )


def _overlaps(
    fine: Float[np.ndarray, " fine_points"], points: Float[np.ndarray, " points"], low: float, high: float
) -> Float[np.ndarray, "points fine_points"]:
    middles = _middles(points)
    ends = np.concatenate([[2 * points[0] - middles[0]], middles, [2 * points[-1] - middles[-1]]])
    ends = np.clip(ends, min(low, points[0]), max(high, points[-1]))
    fine_ends = np.concatenate([[-np.inf], _middles(fine), [np.inf]])  # the last values hold beyond their points
    upper = np.minimum(ends[1:, None], fine_ends[None, 1:])
    lower = np.maximum(ends[:-1, None], fine_ends[None, :-1])
    overlaps = np.maximum(upper - lower, 0)
    return overlaps / overlaps.sum(axis=1, keepdims=True)


def _overlaps_around(
    fine: Float[np.ndarray, " fine_points"], points: Float[np.ndarray, " points"], period: float
) -> Float[np.ndarray, "points fine_points"]:
    """Return the fractions on a periodic axis: cells at its ends reach over the seam."""
    every = np.concatenate([fine - period, fine, fine + period])
    three = _overlaps(every, np.concatenate([points[-1:] - period, points, points[:1] + period]), -np.inf, np.inf)
    return three[1:-1].reshape(len(points), 3, len(fine)).sum(axis=1)


def _middles(points: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points-1"]:
    return (points[1:] + points[:-1]) / 2
