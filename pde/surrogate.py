"""A trained operator as a function of physical fields."""

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float

from manojax.grids import Coordinates, interpolate, nearest
from pde.checkpoints import Checkpoints
from pde.grid import Grid
from pde.metrics import mean_errors, sample_errors
from pde.runs import Run

# What lies between the layers should fit the cache of a CPU, and fill an accelerator.
_POINTS_A_BATCH = {"cpu": 2**14, "gpu": 2**20, "tpu": 2**20}

Fields = Float[np.ndarray, "sample height width channel"]
Extended = Float[np.ndarray, "sample new_height new_width channel"]


def forward(graph: nnx.GraphDef, params: Any, inputs: Array, coordinates: Coordinates) -> Array:
    """Apply a model given as structure and parameters."""
    return nnx.merge(graph, params)(inputs, coordinates)


class Surrogate:
    """A model with its parameters, normalisation and training grid. Physical fields in and out."""

    def __init__(self, run: Run, graph: nnx.GraphDef, params: Any, epoch: int):
        self.run, self.graph, self.params, self.epoch = run, graph, params, epoch

    def predict(self, inputs: Fields, grid: Grid) -> Float[np.ndarray, "sample height width 1"]:
        """Run the model **directly** on a grid, whichever it was trained on."""
        coordinates = self.run.normalisation.coordinates(grid)
        encoded = self.run.normalisation.encode(inputs)
        points = _POINTS_A_BATCH[jax.default_backend()]
        size = int(np.clip(points // (grid.shape[0] * grid.shape[1]), 1, len(inputs)))
        predicted = []
        for start in range(0, len(inputs), size):
            batch = encoded[start : start + size]
            missing = size - len(batch)  # fill the last batch: one shape, one compilation
            filled = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
            decoded = _predict(self.graph, self.run.normalisation, self.params, filled, coordinates)
            predicted.append(np.asarray(decoded)[: len(batch)])
        return np.concatenate(predicted)

    def resample(self, inputs: Fields, grid: Grid) -> tuple[Float[np.ndarray, "sample height width 1"], bool]:
        """Predict on the training grid and interpolate the prediction to `grid` by cubic splines.

        The inputs are taken at the points of the training grid, or at the nearest ones where the grids are not
        nested; the second result says whether they are. Where `grid` or the training data declare a zero border,
        zero values on the border of the domain are added to the prediction before it is interpolated.
        """
        trained = self.run.grid
        rows, columns, nested = nearest((grid.x, grid.y), (trained.x, trained.y))
        predicted = self.predict(inputs[:, rows[:, None], columns[None, :]], trained)
        if grid.matches(trained):
            return predicted, nested
        declared = grid if grid.boundary == "zero" else trained
        if declared.boundary == "zero":
            predicted, trained = add_zero_border(predicted, replace(trained, domain=declared.domain))
        return interpolate(predicted, (trained.x, trained.y), (grid.x, grid.y)), nested

    def errors(self, inputs: Fields, solution: Float[np.ndarray, "sample height width 1"]) -> dict[str, float]:
        """Mean relative errors on the training grid."""
        grid = self.run.grid
        return mean_errors([sample_errors(self.predict(inputs, grid), solution, (grid.x, grid.y))])


def load(folder: str | Path) -> Surrogate:
    """A saved run: the best checkpoint where there was a validation part, else the last.

    Raises:
        InputError: no such run, or no checkpoint in it.
    """
    run = Run.open(Path(folder))
    graph, params = run.build()
    with Checkpoints(Path(folder), create=False) as checkpoints:
        params, epoch = checkpoints.restore_best(params)
    return Surrogate(run, graph, params, epoch)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _predict(graph: Any, normalisation: Any, params: Any, inputs: Array, coordinates: Coordinates) -> Array:
    return normalisation.decode(forward(graph, params, inputs, coordinates))


def add_zero_border(fields: Fields, grid: Grid) -> tuple[Extended, Grid]:
    """Continue fields by zeros to those borders of the domain on which the grid has no points."""
    x0, x1, y0, y1 = grid.extent
    (x, rows), (y, columns) = _with_border(grid.x, x0, x1), _with_border(grid.y, y0, y1)
    padded = np.pad(fields, ((0, 0), rows, columns, (0, 0)))
    return padded, replace(grid, x=x, y=y)


def _with_border(axis: np.ndarray, low: float, high: float) -> tuple[np.ndarray, tuple[int, int]]:
    slack = 1e-5 * (high - low)
    before, after = int(axis[0] > low + slack), int(axis[-1] < high - slack)
    return np.concatenate([[low] * before, axis, [high] * after]), (before, after)
