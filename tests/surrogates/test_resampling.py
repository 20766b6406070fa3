"""Predictions carried between grids, with the border that is known to be zero."""

from types import SimpleNamespace

import numpy as np

import pde
from pde.grids.grid import Grid
from pde.grids.outputs import outputs_of
from pde.surrogates.resampling import extended
from pde.surrogates.surrogate import Surrogate


def test_zero_borders_are_added_only_where_the_grid_has_none():
    """Points i/4 hold the border at 0 and not at 1."""
    x = np.arange(4) / 4
    grid = Grid((x, np.linspace(0, 1, 5)), domain=(0.0, 1.0, 0.0, 1.0))
    padded, larger = extended(np.ones((1, 4, 5, 1), np.float32), grid, ("zero", "zero"))
    assert larger.x.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert larger.shape == (5, 5)
    assert padded[0, :4].min() == 1
    assert padded[0, 4].max() == 0


def test_the_resample_baseline_uses_the_zero_border():
    """A surrogate that is exact on its cell centres: knowing the border, its interpolation is good up to it."""

    def sines(grid):
        u = np.sin(np.pi * grid.x)[:, None] * np.sin(np.pi * grid.y)[None, :]
        return u[None, :, :, None].astype(np.float32)

    class Exact(Surrogate):
        def __init__(self, grid, border):
            outputs = outputs_of(("solution",), border, 2)
            self.run = SimpleNamespace(grid=grid, view=pde.View(), outputs=outputs)

        def predict(self, inputs, grid, on):
            return sines(on)

    def largest_error(border):
        centres, nodes = (np.arange(8) + 0.5) / 8, np.linspace(0, 1, 33)
        domain = (0.0, 1.0, 0.0, 1.0)
        trained, target = (
            Grid((centres, centres), domain=domain),
            Grid((nodes, nodes), domain=domain),
        )
        predicted, _ = Exact(trained, border).resample(np.ones((1, 33, 33, 1), np.float32), target)
        return np.abs(predicted - sines(target)).max()

    known, unknown = largest_error("zero"), largest_error("unknown")
    assert known < unknown / 4
