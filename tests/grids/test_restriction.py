"""Means over cells against hand-computed ones, and against the conductances that a layered medium has."""

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from manojax import FNOConfig
from pde.data import datasets
from pde.evaluation.evaluate import evaluate
from pde.grids.grid import Grid
from pde.grids.restriction import at_points, cell_means, cell_weights
from pde.metrics import sample_errors
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.solvers.upscaling import upscale
from pde.surrogates.forward import forward
from pde.system.errors import InputError
from pde.training.train import train

UNIT = (0.0, 1.0, 0.0, 1.0)


def nodes(height, width):
    return Grid((np.linspace(0, 1, height), np.linspace(0, 1, width)), domain=UNIT)


def means(field, fine, grid):
    """Arithmetic and harmonic means of one field."""
    both = cell_means(jnp.asarray(field, jnp.float32)[None, :, :, None], fine, grid)[0]
    return np.asarray(both[..., 0]), np.asarray(both[..., 1])


@pytest.mark.parametrize("axes", [1, 3])
def test_means_over_cells_on_one_and_three_axes(axes):
    """The product of the same layers along each axis has the product of their means."""
    layers, line = np.arange(1.0, 6.0), Grid((np.linspace(0, 1, 5),), (0.0, 1.0))
    one = np.asarray(cell_means(jnp.asarray(layers, jnp.float32)[None, :, None], line, line.strided(2)))[0]
    fine = Grid(line.axes * axes, (0.0, 1.0) * axes)
    field = np.prod(np.meshgrid(*[layers] * axes, indexing="ij"), axis=0)
    found = np.asarray(cell_means(jnp.asarray(field, jnp.float32)[None, ..., None], fine, fine.strided(2)))[0]
    for kind in range(2):
        expected = np.prod(np.meshgrid(*[one[:, kind]] * axes, indexing="ij"), axis=0)
        np.testing.assert_allclose(found[..., kind], expected, rtol=1e-5)
    np.testing.assert_allclose(one[:, 0], [1.5, 3.0, 4.5], rtol=1e-6)


def test_on_nodes_the_ends_of_an_even_strides_cells_count_half():
    """1 to 5 along an axis, every second node: around 3 half of 2, all of 3 and half of 4."""
    layers = np.arange(1.0, 6.0)
    arithmetic, harmonic = means(np.repeat(layers[:, None], 5, axis=1), nodes(5, 5), nodes(5, 5).strided(2))
    np.testing.assert_allclose(arithmetic, np.repeat([[1.5], [3.0], [4.5]], 3, axis=1), rtol=1e-6)
    inverse = [(1 + 1 / 2) / 2, (1 / 2 / 2 + 1 / 3 + 1 / 4 / 2) / 2, (1 / 4 + 1 / 5) / 2]
    np.testing.assert_allclose(harmonic, np.repeat(1 / np.array(inverse)[:, None], 3, axis=1), rtol=1e-6)


def test_on_nodes_an_odd_strides_cells_are_whole():
    """1 to 7 along an axis, every third node: around 4 lie 3, 4 and 5; at the border half of 1 and all of 2."""
    layers = np.arange(1.0, 8.0)
    arithmetic, _ = means(np.repeat(layers[None, :], 7, axis=0), nodes(7, 7), nodes(7, 7).strided(3))
    np.testing.assert_allclose(arithmetic, np.repeat([[2.5 / 1.5, 4, 9.5 / 1.5]], 3, axis=0), rtol=1e-6)


def test_a_stride_of_cell_centres_is_not_symmetric():
    """Of four cells points 1/8 and 5/8 are kept; their cells reach from 0 to 3/8 to 7/8."""
    centres = (np.arange(4) + 0.5) / 4
    fine = Grid((centres, centres), domain=UNIT)
    rows, columns = cell_weights(fine, fine.strided(2))
    np.testing.assert_allclose(rows, [[2 / 3, 1 / 3, 0, 0], [0, 1 / 4, 1 / 2, 1 / 4]])
    np.testing.assert_array_equal(columns, rows)


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_arithmetic_means_are_those_of_upscaled_faces_along_layers(stride):
    """In a medium layered across y the faces along x conduct in parallel, with the mean over the dual cell."""
    fine = nodes(3 * stride + 1, 4 * stride + 1)
    layers = np.exp(np.random.default_rng(stride).normal(size=fine.shape[1]))
    field = np.repeat(layers[None, :], fine.shape[0], axis=0)
    with jax.enable_x64(True):
        faces = np.asarray(upscale(jnp.asarray(field), stride, (1 / (3 * stride), 1.0)).along[0]) / 9
    np.testing.assert_allclose(means(field, fine, fine.strided(stride))[0][1:, 1:-1], faces, rtol=1e-5)


def test_without_a_stride_both_means_are_the_values():
    field = np.exp(np.random.default_rng(0).normal(size=(6, 9))).astype(np.float32)
    for mean in means(field, nodes(6, 9), nodes(6, 9)):
        np.testing.assert_allclose(mean, field, rtol=1e-6)


@pytest.mark.parametrize("points", [3, 5, 40])
def test_any_grid_sees_any_other(points):
    """Nodes that see cell centres, fewer or more: a constant stays one, and means lie between the extremes."""
    centres = (np.arange(8) + 0.5) / 8
    fine, grid = Grid((centres, centres[:5])), nodes(points, points + 1)
    for mean in means(np.full(fine.shape, 7.0), fine, grid):
        np.testing.assert_allclose(mean, 7, rtol=1e-6)
    field = np.random.default_rng(0).uniform(3, 12, fine.shape)
    arithmetic, harmonic = means(field, fine, grid)
    assert (field.min() * 0.9999 < harmonic).all()
    assert (harmonic < 1.0001 * arithmetic).all()
    assert (arithmetic < 1.0001 * field.max()).all()


def test_values_at_points_are_those_of_a_stride():
    field = np.random.default_rng(0).normal(size=(2, 9, 5, 3)).astype(np.float32)
    seen = at_points(jnp.asarray(field), nodes(9, 5), nodes(9, 5).strided(2))
    np.testing.assert_array_equal(seen, field[:, ::2, ::2])


@pytest.mark.slow
def test_a_model_that_sees_means_sees_those_of_the_files_own_field(darcy_file, tmp_path):
    """Direct on any grid, and resampled from the training grid, whatever the row."""
    config = TrainingConfig(resolution=5, epochs=2, view=View(restriction="means"))
    train(darcy_file, tmp_path / "run", model="fno", options=FNOConfig(width=8, depth=1), config=config)
    surrogate, data = pde.load(tmp_path / "run"), datasets.open(darcy_file)
    fine = data.read_inputs()
    for row in evaluate(surrogate, data, [5, 9])["rows"]:
        stride = 16 // (row["resolution"] - 1)
        grid = data.grid.strided(stride)
        seen, points = (
            cell_means(jnp.asarray(fine), data.grid, grid),
            surrogate.run.normalisation.coordinates(grid),
        )
        predicted = forward(surrogate.graph, surrogate.run.normalisation, surrogate.params, seen, points)
        errors = sample_errors(np.asarray(predicted), data.read_outputs(stride=stride), (grid.x, grid.y))
        assert row["direct"]["relative_l2"] == pytest.approx(errors["relative_l2"].mean(), rel=1e-4)
    resampled, nested = surrogate.resample(fine, data.grid, data.grid.strided(2))
    assert nested
    np.testing.assert_allclose(
        resampled[:, ::2, ::2], surrogate.predict(fine, data.grid, data.grid.strided(4)), atol=1e-6
    )


def test_harmonic_means_need_positive_inputs(darcy_file, tmp_path):
    path = tmp_path / "negative.h5"
    path.write_bytes(darcy_file.read_bytes())
    with h5py.File(path, "r+") as file:
        file["coefficient"][3, 1, 1] = -1  # between the points of the training grid
    config = TrainingConfig(resolution=5, epochs=1, view=View(restriction="means"))
    with pytest.raises(InputError, match="positive"):
        train(path, tmp_path / "run", model="fno", options=FNOConfig(), config=config)
    assert not (tmp_path / "run").exists()


def test_cells_of_a_ring_reach_over_its_seam():
    fine = Grid((np.arange(8) / 8,), (0.0, 1.0), ("x",))
    (weights,) = cell_weights(fine, fine.strided(2))
    np.testing.assert_allclose(weights[0], [0.5, 0.25, 0, 0, 0, 0, 0, 0.25])
    np.testing.assert_allclose(weights[1], np.roll(weights[0], 2))
    (uneven,) = cell_weights(fine, Grid((np.arange(2) / 2,), (0.0, 1.0), ("x",)))
    np.testing.assert_allclose(uneven.sum(axis=0), np.full(8, 0.25))
