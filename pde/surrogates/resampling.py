"""Predictions on the training grid brought to another grid.

Cubic splines that use a zero border interpolate them. Where the coefficient is known on the other grid, a few
sweeps of the solver add the details that it causes there.
"""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray, interpolate
from pde.grids.grid import Grid
from pde.preprocessing.batches import in_batches
from pde.solvers.checks import check_spacing
from pde.solvers.relaxation import relax
from pde.solvers.side_by_side import each_sample


def carried(
    predicted: Float[AnyArray, "sample *grid 1"], trained: Grid, on: Grid
) -> Float[AnyArray, "sample *new_grid 1"]:
    """Interpolate predictions on the training grid to another grid.

    If either grid declares a zero border, zero values on the border of the domain are added first.
    """
    if on.matches(trained):
        return predicted
    declared = on if on.boundary == "zero" else trained
    if declared.boundary == "zero":
        predicted, trained = add_zero_border(predicted, replace(trained, domain=declared.domain))
    return interpolate(predicted, trained.axes, on.axes)


def relaxed(
    predicted: Float[AnyArray, "sample height width 1"],
    coefficient: Float[AnyArray, "sample height width 1"],
    trained: Grid,
    on: Grid,
) -> Float[AnyArray, "sample height width 1"]:
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
    relax_all = functools.partial(_relax_all, spacing=check_spacing(on), length=length)
    if isinstance(predicted, Array):
        return relax_all(jnp.concatenate([jnp.asarray(coefficient), predicted], axis=-1))
    return in_batches(relax_all, np.concatenate([coefficient, predicted], axis=-1), on)


@functools.partial(jax.jit, static_argnames=("spacing", "length"))
def _relax_all(
    fields: Float[Array, "sample height width 2"], spacing: tuple[float, float], length: int
) -> Float[Array, "sample height width 1"]:
    def one(pair: Float[Array, "height width 2"]) -> Float[Array, "height width 1"]:
        return relax(pair[..., 0], pair[..., 1], spacing=spacing, length=length)[..., None]

    return each_sample(one, fields)


def add_zero_border(
    fields: Float[AnyArray, "sample *grid channel"], grid: Grid
) -> tuple[Float[AnyArray, "sample *new_grid channel"], Grid]:
    """Add zeros to fields on the borders of the domain where the grid has no points."""
    added = [_with_border(axis, *ends) for axis, ends in zip(grid.axes, grid.ends, strict=True)]
    axes, points = zip(*added, strict=True)
    widths, extended = ((0, 0), *points, (0, 0)), replace(grid, axes=axes)
    if isinstance(fields, Array):
        return jnp.pad(fields, widths), extended
    return np.pad(fields, widths), extended


def _with_border(axis: np.ndarray, low: float, high: float) -> tuple[np.ndarray, tuple[int, int]]:
    slack = 1e-5 * (high - low)
    before, after = int(axis[0] > low + slack), int(axis[-1] < high - slack)
    return np.concatenate([[low] * before, axis, [high] * after]), (before, after)
