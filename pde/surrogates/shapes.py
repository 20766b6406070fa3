"""The shapes in which one or many fields may be given, and come back."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.grids.grid import Grid
from pde.system.errors import InputError


def as_samples(
    fields: Float[AnyArray, "*shape"], inputs: Sequence[str]
) -> tuple[Float[AnyArray, "sample height width channel"], tuple[Any, ...]]:
    """Fields as models take them, and the shape in which the solution goes back to who gave them.

    Args:
        fields: (height, width) or (sample, height, width) of one input, (height, width, channel) of several, or
            (sample, height, width, channel).
        inputs: names of the channels.

    Raises:
        InputError: fields of another shape.
    """
    shape, several = fields.shape, len(inputs) > 1
    with_channels = fields.ndim == 4 or several
    if fields.ndim not in ((3, 4) if several else (2, 3, 4)) or (with_channels and shape[-1] != len(inputs)):
        raise InputError(
            f"fields of shape {shape}: give (sample, height, width, {len(inputs)}), one channel for each of "
            f"{', '.join(inputs)}"
        )
    if with_channels:
        samples = fields if fields.ndim == 4 else fields[None]
        return samples, (*shape[:-1], 1)
    return fields.reshape(-1, *shape[-2:], 1), shape


def check_points(fields: Float[AnyArray, "sample height width channel"], grid: Grid) -> None:
    """Raise InputError for fields that have not the points of a grid."""
    if fields.shape[1:3] != grid.shape:
        height, width = fields.shape[1:3]
        raise InputError(
            f"fields of {height} x {width} points: the grid has {grid.shape[0]} x {grid.shape[1]}; give the grid "
            "that they lie on"
        )
