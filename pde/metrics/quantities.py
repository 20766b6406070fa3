"""Errors of several quantities, scalars or vectors: each by itself, and their mean."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.grids.grid import Grid
from pde.grids.kinds import Quantity
from pde.metrics.norms import RELATIVE, sample_errors

Fields = Float[AnyArray, "batch *grid channel"]


def channels_of(fields: Fields, quantity: Quantity) -> Float[AnyArray, "batch *grid _"]:
    """Return the channels of a quantity: one of a scalar, one for each axis of a vector."""
    if len(quantity.channels) == fields.shape[-1]:
        return fields
    return fields[..., list(quantity.channels)]


def mean_over(
    function: Callable[[Any, Any], Any], quantities: Sequence[Quantity], predicted: Any, true: Any
) -> Any:
    """Return the mean over quantities of a relative error of each, so that all count alike whatever their size."""
    each = [function(channels_of(predicted, one), channels_of(true, one)) for one in quantities]
    return each[0] if len(each) == 1 else sum(each[1:], start=each[0]) / len(each)


def errors_of_quantities(
    predicted: np.ndarray, true: np.ndarray, quantities: Sequence[Quantity], grid: Grid
) -> dict[str, np.ndarray]:
    """The relative errors of every sample (`sample_errors`), by name, of one quantity or of several.

    For several, each error is the mean over the quantities, and stands also for each as `relative_l2 of pressure`.
    """
    if len(quantities) == 1:
        return sample_errors(predicted, true, grid.axes, grid.periods)
    found = {
        one.name: sample_errors(channels_of(predicted, one), channels_of(true, one), grid.axes, grid.periods)
        for one in quantities
    }
    return together(found)


def together(found: dict[str, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join the relative errors of several quantities: their means, and those of each by its name."""
    every = list(found.values())
    names = [name for name in every[0] if name.startswith("relative_")]
    means = {name: np.mean([errors[name] for errors in every], axis=0, dtype=np.float64) for name in names}
    each = {f"{name} of {of}": values for of, errors in found.items() for name, values in errors.items()}
    return {name: values.astype(every[0][name].dtype) for name, values in means.items()} | each


def names_of_errors(quantities: Sequence[Quantity]) -> tuple[str, ...]:
    """Names of the errors that `errors_of_quantities` returns."""
    if len(quantities) == 1:
        return RELATIVE
    return (*RELATIVE, *(f"{name} of {one.name}" for one in quantities for name in RELATIVE))
