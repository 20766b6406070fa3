"""Predictions on the training grid brought to another grid.

Cubic splines that use known borders interpolate them. Where the coefficient is known on the other grid, a few
sweeps of the solver add the details that it causes there.
"""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from manojax.layers.coordinates import AnyArray, interpolate
from pde.grids.grid import Axis, Grid
from pde.grids.outputs import Border, Output
from pde.preprocessing.batches import in_batches
from pde.solvers.checks import check_spacings
from pde.solvers.relaxation import relax
from pde.solvers.side_by_side import each_sample

_MIRRORED = 8
"""Number of points mirrored at a Neumann border: the weight of a point in a spline falls to a quarter from one
point to the next."""


def carried(
    predicted: Float[AnyArray, "sample *grid output"], trained: Grid, on: Grid, outputs: Sequence[Output]
) -> Float[AnyArray, "sample *new_grid output"]:
    """Interpolate predictions on the training grid to another grid.

    Values beyond the training points are added first where the borders of the outputs tell them: zeros on the
    border of the domain for a zero border, and the values mirrored at it for a Neumann border. Along a periodic
    axis the interpolation is trigonometric.
    """
    if on.matches(trained):
        return predicted
    alike: dict[tuple[Border, ...], list[int]] = {}
    for channel, output in enumerate(outputs):
        alike.setdefault(output.borders, []).append(channel)
    parts = []
    for borders, channels in alike.items():
        known, axes = extended(predicted if len(alike) == 1 else predicted[..., channels], trained, borders)
        parts.append(interpolate(known, axes, on.axes, trained.periods))
    joined: Any = parts[0]
    if len(alike) > 1:
        joined = (jnp if isinstance(predicted, Array) else np).concatenate(parts, axis=-1)
        joined = joined[..., np.argsort(np.concatenate(list(alike.values())))]
    return joined


def relaxed(
    predicted: Float[AnyArray, " sample *grid 1"],
    coefficient: Float[AnyArray, " sample *grid 1"],
    trained: Grid,
    on: Grid,
) -> Float[AnyArray, " sample *grid 1"]:
    """Relax predictions that were interpolated to a grid, by `pde.solvers.relaxation.relax`.

    Args:
        predicted: u on `on`.
        coefficient: a > 0 on `on`.
        trained: the grid from which they were interpolated.
        on: a grid of equally spaced nodes.

    Raises:
        InputError: `on` is no such grid.
    """
    length = max(1, round((on.shape[0] - 1) / (trained.shape[0] - 1)))
    relax_all = functools.partial(_relax_all, spacing=check_spacings(on, len(on.axes)), length=length)
    if isinstance(predicted, Array):
        return relax_all(jnp.concatenate([jnp.asarray(coefficient), predicted], axis=-1))
    return in_batches(relax_all, np.concatenate([coefficient, predicted], axis=-1), on)


@functools.partial(jax.jit, static_argnames=("spacing", "length"))
def _relax_all(
    fields: Float[Array, " sample *grid 2"], spacing: tuple[float, ...], length: int
) -> Float[Array, " sample *grid 1"]:
    def one(pair: Float[Array, "*grid 2"]) -> Float[Array, "*grid 1"]:
        return relax(pair[..., 0], pair[..., 1], spacing=spacing, length=length)[..., None]

    return each_sample(one, fields)


def extended(
    fields: Float[AnyArray, "sample *grid channel"], grid: Grid, borders: Sequence[Border]
) -> tuple[Float[AnyArray, "sample *new_grid channel"], tuple[Axis, ...]]:
    """Add the values of fields beyond the points of a grid that their border along each axis tells.

    For a zero border they are zeros on the ends of the domain, where the grid has no points there. For a Neumann
    border they are the values of the outermost points, mirrored at the ends of the domain. Returned are the fields
    and the points along each axis.
    """
    found: Any = fields
    axes = []
    for number, (axis, ends, border) in enumerate(zip(grid.axes, grid.ends, borders, strict=True), start=1):
        if border == "zero":
            axis, widths = _with_ends(axis, *ends)
            pad = jnp.pad if isinstance(fields, Array) else np.pad
            found = pad(found, [widths if each == number else (0, 0) for each in range(fields.ndim)])
        elif border == "neumann":
            axis, places = _mirrored(axis, *ends)
            found = found.take(places, axis=number)
        axes.append(axis)
    return found, tuple(axes)


def _with_ends(axis: Axis, low: float, high: float) -> tuple[Axis, tuple[int, int]]:
    """Add the ends of the domain to an axis that does not hold them; return also how many are added before and
    after."""
    slack = 1e-5 * (high - low)
    before, after = int(axis[0] > low + slack), int(axis[-1] < high - slack)
    return np.concatenate([[low] * before, axis, [high] * after]), (before, after)


def _mirrored(axis: Axis, low: float, high: float) -> tuple[Axis, Int[np.ndarray, " _"]]:
    """Add the mirror images of the outermost points at both ends of the domain; return also the places of all
    points on the axis. A point on an end is its own image."""
    slack, places = 1e-5 * (high - low), np.arange(len(axis))
    first, last = int(axis[0] <= low + slack), int(axis[-1] >= high - slack)
    before, after = places[first : first + _MIRRORED][::-1], places[::-1][last : last + _MIRRORED]
    points = np.concatenate([2 * low - axis[before], axis, 2 * high - axis[after]])
    return points, np.concatenate([before, places, after])
