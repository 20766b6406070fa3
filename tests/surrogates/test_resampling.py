"""Predictions carried between grids, with the border that is known to be zero."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

import pde
from pde.grids.grid import Grid
from pde.grids.outputs import outputs_of
from pde.surrogates.resampling import carried, extended
from pde.surrogates.surrogate import Surrogate


def test_zero_borders_are_added_only_where_the_grid_has_none():
    """Points i/4 hold the border at 0 and not at 1."""
    x = np.arange(4) / 4
    grid = Grid((x, np.linspace(0, 1, 5)), domain=(0.0, 1.0, 0.0, 1.0))
    padded, (x, y) = extended(np.ones((1, 4, 5, 1), np.float32), grid, ("zero", "zero"))
    assert x.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert len(y) == 5
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


@pytest.mark.parametrize("nodes", [True, False])
def test_a_neumann_border_is_mirrored(nodes):
    """A cosine has slope zero on the border: knowing that, its interpolation is as good there as inside."""
    x = np.linspace(0, 1, 9) if nodes else (np.arange(8) + 0.5) / 8
    trained, fine = (Grid((points,), domain=(0.0, 1.0)) for points in (x, np.linspace(0, 1, 65)))

    def largest_error(border):
        outputs = outputs_of(("solution",), border, 1)
        cosine = np.cos(2 * np.pi * x).astype(np.float32)[None, :, None]
        return np.abs(carried(cosine, trained, fine, outputs)[0, :, 0] - np.cos(2 * np.pi * fine.x)).max()

    assert largest_error("neumann") < largest_error("unknown") / 2
    assert largest_error("neumann") < 0.004


def test_each_output_is_carried_by_its_own_border():
    x = (np.arange(8) + 0.5) / 8
    trained, fine = (Grid((points,), domain=(0.0, 1.0)) for points in (x, np.linspace(0, 1, 33)))
    fields = np.random.default_rng(0).normal(size=(2, 8, 3)).astype(np.float32)
    said = {"a": "zero", "b": "neumann", "c": "zero"}
    for array in (fields, jnp.asarray(fields)):
        together = carried(array, trained, fine, outputs_of(tuple(said), said, 1))
        assert isinstance(together, type(array))
        for channel, name in enumerate(said):
            alone = carried(array[..., [channel]], trained, fine, outputs_of((name,), said[name], 1))
            np.testing.assert_array_equal(together[..., [channel]], alone)
