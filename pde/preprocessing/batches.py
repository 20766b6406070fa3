"""Compiled functions called on batches of a size that suits the machine."""

import math
from collections.abc import Callable

import jax
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Grid

Fields = Float[np.ndarray, " sample *_"]

# The activations of a model should fit the cache of a CPU, and fill an accelerator.
_POINTS_A_BATCH = {"cpu": 2**14}


def in_batches(
    function: Callable[[Fields], Array], fields: Fields, grid: Grid
) -> Float[np.ndarray, "sample *new_grid channels"]:
    """Call a compiled function that maps fields to `grid`, in batches of a size that suits the machine."""
    points = _POINTS_A_BATCH.get(jax.default_backend(), 2**20)
    size = int(np.clip(points // math.prod(grid.shape), 1, len(fields)))
    found = []
    for start in range(0, len(fields), size):
        batch = fields[start : start + size]
        missing = size - len(batch)  # fill the last batch: one shape, one compilation
        filled = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        found.append(np.asarray(function(filled))[: len(batch)])
    return np.concatenate(found)
