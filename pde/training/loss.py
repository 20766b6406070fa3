"""The loss that a training minimises."""

from typing import Any

from flax import nnx
from jax import Array

from manojax.layers.halo import Space
from pde import metrics
from pde.grids.grid import Grid
from pde.runs.run import Run
from pde.surrogates.forward import forward
from pde.training.engine.steps import Loss


def make_loss(graph: nnx.GraphDef, run: Run, grid: Grid, space: Space | None = None) -> Loss:
    """Make loss(params, inputs, solutions): the mean relative error on a grid, of physical fields.

    With a `space`, each device along it holds the whole fields and computes a piece of the prediction.
    """
    coordinates = run.normalisation.coordinates(grid)

    def loss(params: Any, inputs: Array, solution: Array) -> Array:
        predicted = forward(graph, run.normalisation, params, inputs, coordinates, space)
        if run.training.loss == "relative-l2":
            return metrics.relative_l2(predicted, solution).mean()
        return metrics.relative_h1(predicted, solution, coordinates).mean()

    return loss
