"""Maps between physical fields and what a model sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.preprocessing.moments import Moments

Fields = Float[np.ndarray, "sample height width channel"]


@dataclass(frozen=True)
class Normalisation:
    """One mean and one standard deviation a channel, and a unit of length.

    Coordinates are shifted to the corner of the training domain and divided by its longer side, so that a model
    sees the unit square (or a part of it) whatever the unit of length. Where the last inputs are coarse solutions,
    what the model puts out is a correction of their mean.
    """

    input_mean: tuple[float, ...]
    input_deviation: tuple[float, ...]
    output_mean: float
    output_deviation: float
    origin: tuple[float, float]
    length: float
    solutions: int = 0
    """How many of the last inputs are coarse solutions."""

    @classmethod
    def fit(
        cls,
        blocks: Iterable[tuple[Fields, Fields]],
        grid: Grid,
        solutions: int = 0,
    ) -> "Normalisation":
        """From training samples alone; a channel that never varies keeps its scale.

        Args:
            blocks: inputs and solutions of the samples, so many at a time.
            grid: where they are given.
            solutions: how many of the last inputs are coarse solutions.
        """
        x0, x1, y0, y1 = grid.extent
        seen, outputs = Moments(), Moments()
        for inputs, solution in blocks:
            seen.add(inputs)
            outputs.add(solution - _mean_of_last(inputs, solutions) if solutions else solution)
        return cls(
            input_mean=tuple(seen.mean.tolist()),
            input_deviation=tuple(np.where(seen.deviation > 0, seen.deviation, 1.0).tolist()),
            output_mean=0.0 if solutions else float(outputs.mean[0]),
            output_deviation=float(outputs.deviation[0]) or 1.0,
            origin=(x0, y0),
            length=max(x1 - x0, y1 - y0),
            solutions=solutions,
        )

    def encode(
        self, inputs: Float[Array, "batch height width channel"]
    ) -> Float[Array, "batch height width channel"]:
        mean, deviation = (
            np.reshape(np.asarray(v, np.float32), (1, 1, 1, -1)) for v in (self.input_mean, self.input_deviation)
        )
        return (inputs - mean) / deviation

    def decode(
        self, outputs: Float[Array, "batch height width 1"], inputs: Float[Array, "batch height width channel"]
    ) -> Float[Array, "batch height width 1"]:
        """The solution from what the model puts out and its inputs before they were encoded."""
        decoded = outputs * self.output_deviation + self.output_mean
        return decoded + _mean_of_last(inputs, self.solutions) if self.solutions else decoded

    def coordinates(self, grid: Grid) -> tuple[Float[Array, " height"], Float[Array, " width"]]:
        """What a model sees as the coordinates of a grid."""
        x, y = ((axis - origin) / self.length for axis, origin in zip((grid.x, grid.y), self.origin, strict=True))
        return jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32)


def _mean_of_last(inputs: Any, channels: int) -> Any:
    return inputs[..., -channels:].mean(axis=-1, keepdims=True)
