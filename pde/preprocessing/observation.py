"""What a model sees, on the points of one grid, of input fields given on another."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.data.datasets import DataFile
from pde.data.readers.contents import Selection
from pde.equations.darcy.coarse_channels import coarse_solutions
from pde.equations.registry import check_darcy
from pde.grids.grid import Grid
from pde.grids.restriction import at_points, cell_means
from pde.runs.run import TrainingConfig
from pde.system.errors import InputError

# What lies between the layers of a model should fit the cache of a CPU, and fill an accelerator.
_POINTS_A_BATCH = {"cpu": 2**14}

Fields = Float[np.ndarray, "sample _ _ _"]


@dataclass(frozen=True)
class Observation:
    """A pure function of fields, to be compiled together with the model; equal ones share a program.

    The channels are the restricted inputs (`pde.grids.restriction`), then coarse solutions
    (`pde.equations.darcy.coarse_channels`).
    """

    config: TrainingConfig
    source: Grid
    """Where the fields are given."""
    grid: Grid
    """Where the model sees them."""

    def check(self, fields: Float[np.ndarray, "sample source_height source_width channel"]) -> None:
        """Raise InputError for values of which no observation exists."""
        if self.config.restriction == "means" and not (fields > 0).all():
            raise InputError("--restriction means: harmonic means need positive inputs; train with stride")
        if self.config.informed == "none":
            return
        check_darcy("--informed", self.config.inputs, self.grid)
        if not (fields > 0).all():
            raise InputError(
                "--informed: the solver needs a coefficient that is positive everywhere; mend the file"
            )

    def seen(self, fields: Fields) -> Fields:
        """What a model sees of fields, in batches."""
        return in_batches(functools.partial(_observe, self), fields, self.grid)

    def check_solved(self, seen: Fields) -> None:
        """Raise ArithmeticError where a coarse solve left NaN."""
        if np.isnan(seen).any():
            raise ArithmeticError(
                "a coarse solve did not converge; lower the contrast, or train without --informed"
            )

    def __call__(
        self, fields: Float[Array, "sample source_height source_width channel"]
    ) -> Float[Array, "sample height width channels"]:
        restricted = at_points if self.config.restriction == "stride" else cell_means
        seen = restricted(fields, self.source, self.grid)
        if self.config.informed == "none":
            return seen
        solutions = coarse_solutions(fields, self.source, self.grid, self.config.informed)
        return jnp.concatenate([seen, solutions.astype(seen.dtype)], axis=-1)


def observe(data: DataFile, samples: Selection, config: TrainingConfig, grid: Grid) -> Fields:
    """What a model sees of samples of a file on a stride of the file's grid.

    Raises:
        InputError: data or a grid of which no observation exists.
    """
    stride = data.stride_to(grid.shape[0])
    if config.restriction == "stride" and config.informed == "none":
        return data.read_inputs(samples, stride)
    observation, seen = Observation(config, data.grid, grid), []
    for block in data.pieces(samples):
        fields = data.read_inputs(block)
        observation.check(fields)
        seen.append(observation.seen(fields))
        observation.check_solved(seen[-1])
    return np.concatenate(seen)


@functools.partial(jax.jit, static_argnums=0)
def _observe(observation: Observation, fields: Array) -> Array:
    return observation(fields)


def in_batches(
    function: Callable[[Fields], Array], fields: Fields, grid: Grid
) -> Float[np.ndarray, "sample new_height new_width channels"]:
    """A compiled function that maps fields to `grid`, called for as many samples at a time as suit the machine."""
    points = _POINTS_A_BATCH.get(jax.default_backend(), 2**20)
    size = int(np.clip(points // (grid.shape[0] * grid.shape[1]), 1, len(fields)))
    found = []
    for start in range(0, len(fields), size):
        batch = fields[start : start + size]
        missing = size - len(batch)  # fill the last batch: one shape, one compilation
        filled = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        found.append(np.asarray(function(filled))[: len(batch)])
    return np.concatenate(found)
