"""Normalisation maps physical fields to the values that a model works on, and back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Grid

Fields = Float[np.ndarray, "sample *grid channel"]
Range = tuple[float, float]
"""Lowest and highest value."""


@dataclass(frozen=True)
class Normalisation:
    """A mean and a standard deviation for each channel, and a unit of length.

    Coordinates are shifted to the corner of the training domain and divided by its longer side, so that a model
    sees the unit square (or a part of it) whatever the unit of length. Where the last inputs are coarse solutions,
    the model's output is a correction of their mean.
    """

    input_mean: tuple[float, ...]
    input_deviation: tuple[float, ...]
    output_mean: tuple[float, ...]
    output_deviation: tuple[float, ...]
    origin: tuple[float, ...]
    length: float
    solutions: int = 0
    """Number of coarse solutions, which are the last inputs."""
    input_range: tuple[Range, ...] = ()
    """Range of each input channel; empty if unknown."""

    @classmethod
    def fit(
        cls,
        blocks: Iterable[tuple[Fields, Fields]],
        grid: Grid,
        solutions: int = 0,
    ) -> "Normalisation":
        """Fit to training samples; a channel that never varies keeps its scale.

        Args:
            blocks: inputs and outputs of the samples, block by block.
            grid: grid on which they are given.
            solutions: number of coarse solutions, which are the last inputs.
        """
        seen, made = RunningStatistics(), RunningStatistics()
        lowest, highest = np.inf, -np.inf
        for inputs, outputs in blocks:
            seen.add(inputs)
            points = tuple(range(inputs.ndim - 1))
            lowest = np.minimum(lowest, inputs.min(axis=points))
            highest = np.maximum(highest, inputs.max(axis=points))
            made.add(outputs - _mean_of_last(inputs, solutions) if solutions else outputs)
        return cls(
            input_mean=tuple(seen.mean.tolist()),
            input_deviation=tuple(np.where(seen.deviation > 0, seen.deviation, 1.0).tolist()),
            output_mean=tuple((0.0 * made.mean if solutions else made.mean).tolist()),
            output_deviation=tuple(np.where(made.deviation > 0, made.deviation, 1.0).tolist()),
            origin=tuple(low for low, _ in grid.ends),
            length=max(high - low for low, high in grid.ends),
            solutions=solutions,
            input_range=tuple(zip(np.atleast_1d(lowest).tolist(), np.atleast_1d(highest).tolist(), strict=True)),
        )

    def of_fields(self) -> "Normalisation":
        """Return the normalisation of a model that solves an equation: it works on the fields as they are.

        Its solution is in the unit of the normalised length; that of -div(a grad u) = 1 grows with its square.
        """
        return replace(
            self,
            input_mean=(0.0,) * len(self.input_mean),
            input_deviation=(1.0,) * len(self.input_mean),
            output_mean=(0.0,),
            output_deviation=(self.length**2,),
        )

    def encode(self, inputs: Float[Array, "batch *grid channel"]) -> Float[Array, "batch *grid channel"]:
        axes = inputs.ndim
        return (inputs - _row(self.input_mean, axes)) / _row(self.input_deviation, axes)

    def decode(
        self, outputs: Float[Array, "batch *grid output"], inputs: Float[Array, "batch *_ channel"]
    ) -> Float[Array, "batch *grid output"]:
        """Return physical fields, given the model's outputs and its inputs before they were encoded."""
        axes = outputs.ndim
        decoded = outputs * _row(self.output_deviation, axes) + _row(self.output_mean, axes)
        return decoded + _mean_of_last(inputs, self.solutions) if self.solutions else decoded

    def periods(self, grid: Grid) -> tuple[float | None, ...]:
        """Return the periods of a grid in the unit of its coordinates as a model sees them."""
        return tuple(None if period is None else period / self.length for period in grid.periods)

    def coordinates(self, grid: Grid) -> tuple[Float[Array, " _"], ...]:
        """Return the coordinates of a grid as a model sees them."""
        axes = ((axis - origin) / self.length for axis, origin in zip(grid.axes, self.origin, strict=True))
        return tuple(jnp.asarray(axis, jnp.float32) for axis in axes)


class RunningStatistics:
    """Running mean and standard deviation of each channel, over values that come in blocks.

    Source: Chan, Golub and LeVeque, The American Statistician 37 (1983), 242, for the merger of two blocks.
    """

    def __init__(self):
        self._count = 0
        self.mean: Float[np.ndarray, " channel"] = np.zeros(1)
        self._squares: Float[np.ndarray, " channel"] = np.zeros(1)

    def add(self, values: Float[np.ndarray, "*axes channel"]) -> None:
        axes = tuple(range(values.ndim - 1))
        count = values[..., 0].size
        apart = values.mean(axes, dtype=np.float64) - self.mean
        share = count / (self._count + count)
        self._squares = self._squares + count * values.var(axes, dtype=np.float64) + self._count * share * apart**2
        self.mean = self.mean + share * apart
        self._count += count

    @property
    def deviation(self) -> Float[np.ndarray, " channel"]:
        return np.sqrt(self._squares / self._count)


def _row(values: tuple[float, ...], axes: int) -> Float[np.ndarray, "*ones channel"]:
    """Return a value for each channel, in the shape of fields with so many axes."""
    return np.reshape(np.asarray(values, np.float32), (*[1] * (axes - 1), -1))


def _mean_of_last(inputs: Any, channels: int) -> Any:
    return inputs[..., -channels:].mean(axis=-1, keepdims=True)
