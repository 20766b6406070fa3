"""Checks of the shapes and values of fields that callers give."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.grids.grid import Grid
from pde.system.errors import InputError

_SIDES = {1: "points", 2: "height, width", 3: "height, width, depth"}
"""Axes of a field, by their number, as messages name them."""


def as_numbers(fields: Any) -> Any:
    """Return fields as an array of real, finite numbers: JAX arrays as they are, all others as NumPy arrays.

    Raises:
        InputError: no real numbers, no samples or, unless JAX traces them, a value that is NaN or infinite.
    """
    found = fields if isinstance(fields, Array) else np.asarray(fields)
    if not (found.dtype.kind in "iub" or jnp.issubdtype(found.dtype, jnp.floating)):
        raise InputError(f"fields of type {found.dtype} are not real numbers; give an array of float32")
    if not found.size:
        raise InputError(f"fields of shape {found.shape} hold no samples; give at least one")
    if not isinstance(found, Tracer) and not np.isfinite(np.asarray(found)).all():
        raise InputError("fields hold NaN or infinity; mend or remove those samples")
    return found


def as_samples(
    fields: Float[AnyArray, "*shape"], inputs: Sequence[str], axes: int, outputs: int
) -> tuple[Float[AnyArray, "sample *grid channel"], tuple[Any, ...]]:
    """Return fields in the shape that models take, and the shape of the outputs that the caller expects.

    Args:
        fields: (*grid) or (sample, *grid) of one input, (*grid, channel) of several, or (sample, *grid, channel).
        inputs: names of the channels.
        axes: number of axes of the grid.
        outputs: number of output fields; several are always channels.

    Raises:
        InputError: fields of another shape.
    """
    shape, several = fields.shape, len(inputs) > 1
    fewest, most = axes + several, axes + 2
    with_channels = fields.ndim == most or several
    if not fewest <= fields.ndim <= most or (with_channels and shape[-1] != len(inputs)):
        raise InputError(
            f"fields of shape {shape}: give (sample, {_SIDES[axes]}, {len(inputs)}), one channel for each of "
            f"{', '.join(inputs)}"
        )
    if with_channels:
        samples = fields if fields.ndim == most else fields[None]
        return samples, (*shape[:-1], outputs)
    return fields.reshape(-1, *shape[-axes:], 1), shape if outputs == 1 else (*shape, outputs)


def check_points(fields: Float[AnyArray, "sample *grid channel"], grid: Grid) -> None:
    """Raise InputError if the fields do not have the shape of the grid."""
    if fields.shape[1:-1] != grid.shape:
        points = " x ".join(map(str, fields.shape[1:-1]))
        raise InputError(f"fields of {points} points: the grid has {grid}; give the grid that they lie on")
