"""What is loaded from a run folder, and what it knows."""

import dataclasses
import logging
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

import pde
from pde.runs.description import Transfer
from pde.runs.run import Run
from pde.system.errors import InputError
from tests.small_runs import history, start


@pytest.mark.slow
def test_the_best_checkpoint_is_loaded_where_there_is_a_validation_part(darcy_file, tmp_path):
    out = start(
        darcy_file, tmp_path / "run", epochs=12, learning_rate=0.3
    )  # far too high: best comes early or late
    errors = [line["validation"]["relative_l2"] for line in history(out)]
    surrogate = pde.load(out)
    assert surrogate.epoch == 1 + int(np.argmin(errors))
    data = pde.data.datasets.open(darcy_file)
    held_out = slice(data.samples - 2, None)
    got = surrogate.errors([(data.read_inputs(held_out, 2), data.read_outputs(held_out, 2))])
    assert got["relative_l2"] == pytest.approx(min(errors), rel=1e-5)


@pytest.mark.slow
def test_without_validation_the_last_checkpoint_is_loaded(darcy_file, tmp_path, caplog):
    out = start(darcy_file, tmp_path / "run", validation="none")
    assert "validation" not in history(out)[0]
    assert pde.load(out).epoch == 4
    assert Run.open(out).samples == 20
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_checkpoint_that_cannot_be_restored_is_named(undisturbed, monkeypatch):
    def restore(*_, **__):
        raise ValueError("another structure")

    monkeypatch.setattr(ocp.CheckpointManager, "restore", restore)
    with pytest.raises(InputError, match="cannot be restored"):
        pde.load(undisturbed)


def test_damaged_metadata_of_checkpoints_is_a_sentence(undisturbed, tmp_path, caplog):
    shutil.copytree(undisturbed, tmp_path / "run")
    for step in (tmp_path / "run" / "checkpoints").iterdir():
        (step / "_CHECKPOINT_METADATA").write_text("{")
    with pytest.raises(InputError, match="every checkpoint is damaged"):
        pde.load(tmp_path / "run")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_loading_writes_and_says_nothing(undisturbed, tmp_path, caplog):
    before = sorted(undisturbed.rglob("*"))
    pde.load(undisturbed)
    assert sorted(undisturbed.rglob("*")) == before
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    (tmp_path / "run.json").write_bytes((undisturbed / "run.json").read_bytes())
    with pytest.raises(InputError, match="no checkpoint yet"):
        pde.load(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_folders_without_a_run_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such run folder"):
        pde.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no run"):
        pde.load(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        pde.load(tmp_path)


def test_an_operator_is_held_at_the_points_it_was_trained_on(undisturbed):
    """Its predictions converge as a smooth field is given on finer grids."""
    surrogate = pde.load(undisturbed)
    predicted = []
    for points in (33, 65):
        axis = np.linspace(0, 1, points)
        grid = dataclasses.replace(surrogate.run.grid, axes=(axis, axis))
        fields = 7 + np.cos(2 * axis[:, None] + axis[None, :])[None, ..., None].astype(np.float32)
        predicted.append(surrogate.predict(fields, grid)[0, :: (points - 1) // 8, :: (points - 1) // 8, 0])
    assert np.abs(predicted[1] - predicted[0]).max() < 0.005 * np.abs(predicted[1]).max()


def test_a_run_knows_which_way_does_better_on_a_finer_grid(darcy_file, undisturbed):
    """Nine nodes of seventeen: the two held-out samples on the whole grid."""
    surrogate, data = pde.load(undisturbed), pde.data.datasets.open(darcy_file)
    fine, solution = data.read_inputs(slice(18, 20)), data.read_outputs(slice(18, 20))
    found = surrogate.run.transfer
    assert found is not None
    assert found.resolution == 17
    for error, predicted in (
        (found.direct, surrogate.predict(fine, data.grid)),
        (found.resample, surrogate.resample(fine, data.grid)[0]),
    ):
        squares = [(field**2).sum(axis=(1, 2, 3)) for field in (predicted - solution, solution)]
        distance = np.sqrt(squares[0] / squares[1])
        np.testing.assert_allclose(error, distance.mean(), rtol=1e-5)
    assert surrogate.run.mode_for(data.grid) == ("direct" if found.direct < found.resample else "resample")
    assert surrogate.run.mode_for(surrogate.run.grid) == "direct"
    coarser = surrogate.run.grid.strided(2)
    assert dataclasses.replace(surrogate.run, transfer=Transfer(17, 0.1, 0.2)).mode_for(coarser) == "resample"


@pytest.mark.slow
def test_a_symmetric_surrogate_turns_its_prediction_with_the_input(undisturbed, under_symmetries, darcy_file):
    data = pde.data.datasets.open(darcy_file)
    inputs, solution = data.read_inputs(slice(4), 2), data.read_outputs(slice(4), 2)
    grid, plain, symmetric = (
        data.grid.strided(2),
        pde.load(under_symmetries),
        pde.load(under_symmetries, symmetric=True),
    )
    for predict in (symmetric.predict, lambda *each: symmetric.resample(*each)[0]):
        predicted = predict(inputs, grid)
        turned = np.rot90(predict(np.rot90(inputs, axes=(1, 2)).copy(), grid), -1, axes=(1, 2))
        np.testing.assert_allclose(turned, predicted, atol=1e-5 * np.abs(predicted).max())
    assert np.abs(plain.predict(inputs, grid) - predicted).max() > 1e-3 * np.abs(predicted).max()
    better, usual = (each.errors([(inputs, solution)])["relative_l2"] for each in (symmetric, plain))
    assert better < usual
    with pytest.raises(InputError, match="--symmetries: the grid has none"):
        symmetric.predict(inputs, dataclasses.replace(grid, axes=(grid.x**2, grid.y**3)))
    with pytest.raises(InputError, match="--symmetries: the run was trained under none"):
        pde.load(undisturbed, symmetric=True).predict(inputs, grid)


def test_called_with_fields_it_is_predict_or_resample_on_their_nodes(darcy_file, undisturbed):
    surrogate, data = pde.load(undisturbed), pde.data.datasets.open(darcy_file)
    fine, trained = data.read("coefficient", slice(3)), surrogate.run.grid
    direct = surrogate.predict(fine[..., None], data.grid)
    np.testing.assert_array_equal(surrogate(fine, mode="direct"), direct[..., 0])
    np.testing.assert_array_equal(surrogate(fine[..., None], data.grid, mode="direct"), direct)
    np.testing.assert_array_equal(surrogate(fine[0], mode="direct"), surrogate(fine[:1], mode="direct")[0])
    np.testing.assert_array_equal(
        surrogate(fine, mode="resample"), surrogate.resample(fine[..., None], data.grid)[0][..., 0]
    )
    np.testing.assert_array_equal(
        surrogate(fine[:, ::2, ::2]), surrogate.predict(fine[:, ::2, ::2, None], trained)[..., 0]
    )
    for wrong in (fine[0, 0], np.stack([fine, fine], axis=-1)):
        with pytest.raises(
            InputError, match=r"give \(sample, height, width, 1\), one channel for each of coefficient"
        ):
            surrogate(wrong)
    with pytest.raises(InputError, match="fields of 17 x 17 points: the grid has 9 x 9"):
        surrogate(fine, trained)


@pytest.mark.parametrize("mode", ["direct", "resample"])
def test_called_with_jax_arrays_it_is_a_pure_function(darcy_file, undisturbed, mode):
    surrogate, data = pde.load(undisturbed), pde.data.datasets.open(darcy_file)
    fine = data.read("coefficient", slice(2))
    traced = jax.jit(lambda a: surrogate(a, mode=mode))
    expected = surrogate(fine, mode=mode)
    np.testing.assert_allclose(traced(jnp.asarray(fine)), expected, rtol=1e-5, atol=1e-6 * expected.max())

    def at_the_middle(a):
        return surrogate(a, mode=mode)[8, 8]

    a, direction = jnp.asarray(fine[0]), np.random.default_rng(0).normal(size=fine[0].shape).astype(np.float32)
    slope = float(jnp.vdot(jax.grad(at_the_middle)(a), jnp.asarray(direction)))
    step = 0.05
    difference = float(at_the_middle(a + step * direction) - at_the_middle(a - step * direction)) / (2 * step)
    assert slope == pytest.approx(difference, rel=0.02)


def test_it_is_compiled_once_a_grid(darcy_file, undisturbed, caplog):
    first, again = pde.load(undisturbed), pde.load(undisturbed)
    fine = pde.data.datasets.open(darcy_file).read("coefficient", slice(4))
    first(fine)
    with jax.log_compiles():
        caplog.clear()
        again(fine[::-1].copy())
        assert "Compiling" not in caplog.text
        again(fine[:, ::4, ::4].copy())
        assert "Compiling" in caplog.text
