"""The loss that a training minimises."""

from typing import Any

from flax import nnx
from jax import Array

from manojax.layers.halo import Space
from pde import metrics
from pde.grids.grid import Grid
from pde.metrics.quantities import mean_over
from pde.runs.run import Run
from pde.surrogates.forward import forward
from pde.training.engine.steps import Loss


def make_loss(graph: nnx.GraphDef, run: Run, grid: Grid, space: Space | None = None) -> Loss:
    """Make loss(params, inputs, outputs): the mean relative error on a grid, of physical fields.

    The error of a sample is the mean over its quantities, scalars and vectors, of the relative error of each, so
    that each is weighted by its own size. With a `space`, each device along it holds the whole fields and computes
    a piece of the prediction.
    """
    coordinates, periods = run.normalisation.coordinates(grid), run.normalisation.periods(grid)
    quantities = run.quantities

    def error(predicted: Array, true: Array) -> Array:
        if run.training.loss == "relative-l2":
            return metrics.relative_l2(predicted, true)
        return metrics.relative_h1(predicted, true, coordinates, periods)

    def loss(params: Any, inputs: Array, outputs: Array) -> Array:
        predicted = forward(graph, run.normalisation, params, inputs, coordinates, space)
        return mean_over(error, quantities, predicted, outputs).mean()

    return loss
