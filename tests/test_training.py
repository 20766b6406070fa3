import dataclasses
import functools
import json
import logging
import shutil
import signal

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

import pde
from manojax import FNOConfig, MANOConfig
from pde import training
from pde.checkpoints import Checkpoints
from pde.errors import InputError
from pde.runs import Run, TrainingConfig, Transfer
from pde.training import make_loss, resume, train

FNO = FNOConfig(width=8, depth=1, modes=(3, 3))
CONFIG = TrainingConfig(resolution=9, epochs=4, batch_size=5, seed=1)


def start(data, out, options=FNO, **changes):
    model = "fno" if isinstance(options, FNOConfig) else "mano"
    train(data, out, model=model, options=options, config=dataclasses.replace(CONFIG, **changes))
    return out


def history(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def last_state(out):
    with Checkpoints(out) as checkpoints:
        run = Run.open(out)
        _, params = run.build()
        optimiser = training.make_optimiser(run.training, 4 * 3)
        return checkpoints.restore_last(params, optimiser.init(params))


def assert_same_bits(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(scope="module")
def undisturbed(darcy_file, tmp_path_factory):
    return start(darcy_file, tmp_path_factory.mktemp("runs") / "undisturbed")


def start_and_interrupt(data, out, monkeypatch, epochs, **changes):
    """Ctrl-C in the first step after so many epochs."""
    batches = training._batches

    def interrupted(run, epoch, *counts):
        if epoch == epochs:
            raise KeyboardInterrupt
        return batches(run, epoch, *counts)

    with monkeypatch.context() as patch:
        patch.setattr(training, "_batches", interrupted)
        with pytest.raises(KeyboardInterrupt):
            start(data, out, **changes)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_run_stopped_and_resumed_has_the_bits_of_one_never_stopped(
    darcy_file, undisturbed, tmp_path, monkeypatch, epochs
):
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, epochs)
    assert len(history(tmp_path / "run")) == epochs
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 99}\n')  # an epoch logged, but never checkpointed
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(undisturbed))
    again, before = history(tmp_path / "run"), history(undisturbed)
    assert [line["validation"] for line in again] == [line["validation"] for line in before]
    assert [line["train_loss"] for line in again] == [line["train_loss"] for line in before]


@pytest.mark.slow
def test_ctrl_c_while_a_checkpoint_is_saved_waits_for_it(darcy_file, undisturbed, tmp_path, monkeypatch):
    save = ocp.CheckpointManager.save

    def interrupted(*args, **kwargs):
        signal.raise_signal(signal.SIGINT)
        return save(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(ocp.CheckpointManager, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            start(darcy_file, tmp_path / "run")
    with Checkpoints(tmp_path / "run") as checkpoints:
        assert checkpoints.last_epoch() == 1
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(undisturbed))


def test_a_run_stopped_before_its_first_epoch_resumes_too(darcy_file, undisturbed, tmp_path, monkeypatch):
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 0)
    with pytest.raises(InputError, match="no checkpoint yet"):
        pde.load(tmp_path / "run")
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(undisturbed))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(darcy_file, undisturbed, tmp_path):
    assert_same_bits(last_state(start(darcy_file, tmp_path / "same")), last_state(undisturbed))
    other, same = (last_state(run)[0] for run in (start(darcy_file, tmp_path / "other", seed=2), undisturbed))
    assert (jax.tree.leaves(other)[0] != jax.tree.leaves(same)[0]).any()


def test_training_lowers_the_error(darcy_file, tmp_path):
    """Forty epochs of a small FNO bring the training loss to less than half."""
    out = start(darcy_file, tmp_path / "run", epochs=40, loss="relative-l2")
    losses = [line["train_loss"] for line in history(out)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_best_checkpoint_is_loaded_where_there_is_a_validation_part(darcy_file, tmp_path):
    out = start(
        darcy_file, tmp_path / "run", epochs=12, learning_rate=0.3
    )  # far too high: best comes early or late
    errors = [line["validation"]["relative_l2"] for line in history(out)]
    surrogate = pde.load(out)
    assert surrogate.epoch == 1 + int(np.argmin(errors))
    data = pde.datasets.open(darcy_file)
    held_out = slice(data.samples - 2, None)
    got = surrogate.errors(data.read_inputs(held_out, 2), data.read_solution(held_out, 2))
    assert got["relative_l2"] == pytest.approx(min(errors), rel=1e-5)


def test_without_validation_the_last_checkpoint_is_loaded(darcy_file, tmp_path):
    out = start(darcy_file, tmp_path / "run", validation="none")
    assert "validation" not in history(out)[0]
    assert pde.load(out).epoch == 4
    assert Run.open(out).samples == 20


def test_normalisers_come_from_the_training_part_alone(darcy_file, tmp_path):
    """Held-out samples made a thousand times larger change nothing but the validation error."""
    changed = tmp_path / "changed.h5"
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["coefficient"][-2:] *= 1000
        file["solution"][-2:] *= 1000
    one, other = (Run.open(start(path, tmp_path / path.stem)) for path in (darcy_file, changed))
    assert one.normalisation == other.normalisation


def test_defaults_follow_data_and_grid(darcy_file, tmp_path):
    out = start(
        darcy_file, tmp_path / "run", FNOConfig(width=4, depth=1), resolution=None, validation=str(darcy_file)
    )
    run = Run.open(out)
    assert run.grid.shape == (17, 17)
    assert run.options.modes == (9, 9)
    assert run.samples == 20


@pytest.mark.slow
def test_the_unit_of_length_changes_nothing_for_the_model(darcy_file, tmp_path):
    """The same data in millimetres: coordinates are seen in units of the domain."""
    changed = tmp_path / "millimetres.h5"
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["x"][...] *= 1024
        file["y"][...] *= 1024
        file.attrs["domain"] = file.attrs["domain"] * 1024
    metres, millimetres = (history(start(path, tmp_path / path.stem)) for path in (darcy_file, changed))
    assert [line["train_loss"] for line in metres] == [line["train_loss"] for line in millimetres]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": 8}, "darcy.h5: .* choose one of 3 5 9 17"),
        ({"resolution": 0}, "resolution 0"),
        ({"resolutions": (9, 8)}, "resolution 8"),
        ({"inputs": ()}, "--inputs"),
        ({"inputs": ("solution",)}, "--inputs solution"),
        ({"train_samples": 21}, "has 20 samples"),
        ({"epochs": 0}, "--epochs 0"),
        ({"batch_size": -1}, "--batch-size -1"),
        ({"learning_rate": float("nan")}, "--learning-rate nan"),
        ({"seed": -1}, "--seed -1"),
        ({"weight_decay": -1.0}, "--weight-decay"),
        ({"validation": "nowhere.h5"}, "nowhere.h5: no such file"),
        ({"train_samples": 1}, "give --validation none"),
    ],
)
def test_configurations_that_do_not_fit_write_nothing(darcy_file, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        start(darcy_file, tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_modes_and_heads_that_do_not_fit_write_nothing(darcy_file, tmp_path):
    for options in (FNOConfig(modes=(6, 6)), MANOConfig(width=8, heads=3)):
        with pytest.raises(InputError, match=r"at most 5 5|heads 3"):
            start(darcy_file, tmp_path / "run", options)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_exists_is_left_alone(darcy_file, undisturbed):
    before = (undisturbed / "metrics.jsonl").read_bytes()
    with pytest.raises(InputError, match="exists already"):
        start(darcy_file, undisturbed)
    assert (undisturbed / "metrics.jsonl").read_bytes() == before


def test_resuming_with_other_data_is_refused(darcy_file, undisturbed, tmp_path):
    changed = tmp_path / "changed.h5"
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["solution"][0] *= 2
    with pytest.raises(InputError, match="not the data"):
        resume(changed, undisturbed)


def test_a_checkpoint_that_cannot_be_restored_is_named(darcy_file, undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "run")
    for path in (tmp_path / "run" / "checkpoints").rglob("params/**/*"):
        if path.is_file():
            path.write_bytes(b"")
    with pytest.raises(InputError, match="cannot be restored"):
        pde.load(tmp_path / "run")


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


def test_the_gradient_of_a_step_under_pmap_is_that_of_one_device(darcy_file, undisturbed):
    """The training loss itself, over four devices; a mean over equal parts of a batch is the mean over it."""
    run = Run.open(undisturbed)
    data = pde.datasets.open(darcy_file)
    inputs = jnp.asarray(data.read_inputs(slice(8), 2))
    solution = jnp.asarray(data.read_solution(slice(8), 2))
    graph, params = run.build()
    gradient = jax.grad(make_loss(graph, run, run.grid))
    whole = jax.jit(gradient)(params, inputs, solution)
    each = functools.partial(jax.pmap, axis_name="device", in_axes=(None, 0, 0), devices=jax.devices()[:4])
    split = (array.reshape(4, 2, *array.shape[1:]) for array in (inputs, solution))
    parallel = each(lambda *args: jax.lax.pmean(gradient(*args), "device"))(params, *split)
    largest = max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(whole))
    for one, four in zip(jax.tree.leaves(whole), jax.tree.leaves(parallel), strict=True):
        np.testing.assert_allclose(four[0], one, rtol=1e-5, atol=1e-5 * largest)


def test_symmetries_are_seen_and_resumed_to_the_bit(darcy_file, undisturbed, tmp_path, monkeypatch):
    whole = start(darcy_file, tmp_path / "whole", symmetries=True)
    assert history(whole)[0]["train_loss"] != history(undisturbed)[0]["train_loss"]
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 2, symmetries=True)
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(whole))


def test_mixed_grids_are_all_trained_on(darcy_file, tmp_path):
    """What lies between the points of the coarser grid, where the run is held, changes the parameters."""
    changed = tmp_path / "changed.h5"
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["solution"][:, 1::2] *= 2
    one, other = (
        start(path, tmp_path / path.stem, resolutions=(9, 17), epochs=1) for path in (darcy_file, changed)
    )
    assert Run.open(one).grid.shape == (9, 9)
    assert history(one)[0]["train_loss"] != history(other)[0]["train_loss"]


@pytest.mark.slow
def test_mixed_grids_are_resumed_to_the_bit(darcy_file, undisturbed, tmp_path, monkeypatch):
    assert_same_bits(last_state(start(darcy_file, tmp_path / "alone", resolutions=(9,))), last_state(undisturbed))
    mixed = start(darcy_file, tmp_path / "mixed", resolutions=(9, 17))
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 2, resolutions=(9, 17))
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(mixed))


@pytest.mark.slow
def test_mixed_grids_are_held_at_the_finest(darcy_file, tmp_path):
    out = start(darcy_file, tmp_path / "run", resolution=None, resolutions=(9, 17, 5), epochs=1)
    assert Run.open(out).grid.shape == (17, 17)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [({"boundary": "zero", "domain": (0.0, 1.0, 0.0, 1.0)}, "the training grid has none"), ({}, "add --domain")],
)
def test_a_grid_without_symmetries_refuses_them(tmp_path, attributes, message):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["coefficient"] = file["solution"] = np.ones((4, 8, 6))
        file["x"], file["y"] = np.arange(8) / 8, np.arange(6) / 6
        file.attrs.update(attributes)
    with pytest.raises(InputError, match=f"--symmetries: .*{message}"):
        start(tmp_path / "data.h5", tmp_path / "run", resolution=None, symmetries=True)


def test_an_operator_is_held_at_the_points_it_was_trained_on(undisturbed):
    """Its predictions converge as a smooth field is given on finer grids."""
    surrogate = pde.load(undisturbed)
    predicted = []
    for points in (33, 65):
        axis = np.linspace(0, 1, points)
        grid = dataclasses.replace(surrogate.run.grid, x=axis, y=axis)
        fields = 7 + np.cos(2 * axis[:, None] + axis[None, :])[None, ..., None].astype(np.float32)
        predicted.append(surrogate.predict(fields, grid)[0, :: (points - 1) // 8, :: (points - 1) // 8, 0])
    assert np.abs(predicted[1] - predicted[0]).max() < 0.005 * np.abs(predicted[1]).max()


def test_a_run_knows_which_way_does_better_on_a_finer_grid(darcy_file, undisturbed):
    """Nine nodes of seventeen: the two held-out samples on the whole grid."""
    surrogate, data = pde.load(undisturbed), pde.datasets.open(darcy_file)
    fine, solution = data.read_inputs(slice(18, 20)), data.read_solution(slice(18, 20))
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
    assert surrogate.run.way_to(data.grid) == ("direct" if found.direct < found.resample else "resample")
    assert surrogate.run.way_to(surrogate.run.grid) == "direct"
    coarser = surrogate.run.grid.strided(2)
    assert dataclasses.replace(surrogate.run, transfer=Transfer(17, 0.1, 0.2)).way_to(coarser) == "resample"
