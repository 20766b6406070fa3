"""Training: seeds, interruptions, symmetries, grids and devices."""

import contextlib
import functools
import json
import math
import shutil
import signal

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

import pde
from manojax import FNO, MODELS
from pde.runs.checkpoints import Checkpoints
from pde.runs.run import Run
from pde.system.errors import InputError
from pde.system.interrupts import Terminated
from pde.training import loop
from pde.training.engine import steps as stepping
from pde.training.engine.devices import Division, training_mesh
from pde.training.engine.divergence import MOST_IN_A_ROW
from pde.training.loss import make_loss
from pde.training.prepare import optimiser_for
from pde.training.train import resume
from tests.cases import slow
from tests.small_runs import history, start, start_and_interrupt


def last_state(out):
    run = Run.open(out)
    with Checkpoints(out, run.seal) as checkpoints:
        _, params = run.build()
        optimiser = optimiser_for(run.training, 4 * 3)
        return checkpoints.restore_last(params, optimiser.init(params))[:2]


def assert_same_bits(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.mark.parametrize("epochs", [1, slow(3)])
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
    run = Run.open(tmp_path / "run")
    with Checkpoints(tmp_path / "run", run.seal) as checkpoints:
        _, params = run.build()
        assert checkpoints.restore_best(params)[1] == 1
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(undisturbed))


@pytest.mark.parametrize(
    ("number", "error"), [slow(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_in_the_midst_of_an_epoch_saves_and_stops(
    darcy_file, undisturbed, tmp_path, monkeypatch, number, error
):
    class Bar(contextlib.AbstractContextManager):
        steps = 0

        def update(self, steps):
            self.steps += steps
            if self.steps == 5:  # the second of three in the second epoch
                signal.raise_signal(number)

        def set_postfix_str(self, text): ...

        def __exit__(self, *_): ...

    with monkeypatch.context() as patch:
        patch.setattr(loop, "progress_bar", lambda *_, **__: Bar())
        patch.setattr(stepping, "SECONDS_A_CALL", 0)  # a step a call
        with pytest.raises(error):
            start(darcy_file, tmp_path / "run")
    assert len(history(tmp_path / "run")) == 1
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(undisturbed))
    losses = [[line["train_loss"] for line in history(out)] for out in (tmp_path / "run", undisturbed)]
    assert losses[0] == losses[1]


def test_a_damaged_checkpoint_is_left_out_and_made_anew(darcy_file, undisturbed, tmp_path, capsys):
    out = shutil.copytree(undisturbed, tmp_path / "run")
    last = max((out / "checkpoints").iterdir(), key=lambda each: int(each.name))
    damaged = max((path for path in last.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    resume(darcy_file, out)
    assert f"{last} is damaged" in capsys.readouterr().err
    assert_same_bits(last_state(out), last_state(undisturbed))
    assert "damaged" not in capsys.readouterr().err


def test_a_full_disk_stops_with_a_sentence_and_the_last_checkpoint_whole(
    darcy_file, undisturbed, tmp_path, monkeypatch, capsys
):
    usage, calls = shutil.disk_usage(tmp_path), iter(range(9))
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage if next(calls) < 2 else usage._replace(free=2**20))
        with pytest.raises(InputError, match="no space left for a checkpoint"):
            start(darcy_file, tmp_path / "run")
    assert pde.load(tmp_path / "run").epoch == 2
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(undisturbed))
    said = capsys.readouterr().err
    assert "damaged" not in said
    assert "5 of 8 devices share a batch; --batch-size 8 or a multiple would use all" in said


def test_a_run_of_damaged_checkpoints_is_refused(undisturbed, tmp_path):
    out = shutil.copytree(undisturbed, tmp_path / "run")
    (out / "manifest.json").unlink()
    with pytest.raises(InputError, match="every checkpoint is damaged"):
        pde.load(out)


@pytest.mark.slow
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


@pytest.mark.slow
def test_accumulated_gradients_are_those_of_the_whole_batch(darcy_file, undisturbed, tmp_path, monkeypatch):
    seen = set()

    class Seeing(FNO):
        def forward(self, fields, coordinates):
            seen.add(len(fields))
            return super().forward(fields, coordinates)

    monkeypatch.setitem(MODELS, "fno", Seeing)
    in_parts = start(darcy_file, tmp_path / "run", accumulate=5, division=Division(1))
    assert seen == {1, 2}  # samples of a part, and those held out
    for parts, whole in zip(history(in_parts), history(undisturbed), strict=True):
        assert parts["train_loss"] == pytest.approx(whole["train_loss"], rel=1e-3)


def test_training_lowers_the_error(darcy_file, tmp_path):
    """Forty epochs of a small FNO bring the training loss to less than half."""
    out = start(darcy_file, tmp_path / "run", epochs=40, loss="relative-l2")
    losses = [line["train_loss"] for line in history(out)]
    assert losses[-1] < 0.5 * losses[0]


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


def test_the_gradient_of_a_step_under_pmap_is_that_of_one_device(darcy_file, undisturbed):
    """The training loss itself, over four devices; a mean over equal parts of a batch is the mean over it."""
    run = Run.open(undisturbed)
    data = pde.data.datasets.open(darcy_file)
    inputs = jnp.asarray(data.read_inputs(slice(8), 2))
    solution = jnp.asarray(data.read_outputs(slice(8), 2))
    graph, params = run.build()
    gradient = jax.grad(make_loss(graph, run, run.grid))
    whole = jax.jit(gradient)(params, inputs, solution)
    each = functools.partial(jax.pmap, axis_name="device", in_axes=(None, 0, 0), devices=jax.devices()[:4])
    split = (array.reshape(4, 2, *array.shape[1:]) for array in (inputs, solution))
    parallel = each(lambda *args: jax.lax.pmean(gradient(*args), "device"))(params, *split)
    largest = max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(whole))
    for one, four in zip(jax.tree.leaves(whole), jax.tree.leaves(parallel), strict=True):
        np.testing.assert_allclose(four[0], one, rtol=1e-5, atol=1e-5 * largest)


@pytest.mark.slow
def test_symmetries_are_seen_and_resumed_to_the_bit(
    darcy_file, undisturbed, under_symmetries, tmp_path, monkeypatch
):
    assert history(under_symmetries)[0]["train_loss"] != history(undisturbed)[0]["train_loss"]
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 2, symmetries="all")
    resume(darcy_file, tmp_path / "run")
    assert_same_bits(last_state(tmp_path / "run"), last_state(under_symmetries))


@pytest.mark.slow
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


def test_training_that_has_left_the_finite_gives_up_and_names_the_samples(darcy_file, tmp_path, monkeypatch):
    out = tmp_path / "run"
    # No rate that one may give gets there so soon.
    monkeypatch.setattr("pde.training.prepare.HIGHEST_LEARNING_RATE", math.inf)
    with pytest.raises(ArithmeticError, match="not finite in 10 steps in a row"):
        start(darcy_file, out, learning_rate=1e30)
    rows = json.loads((out / "skipped_samples.json").read_text())["samples"]
    assert len(rows) == MOST_IN_A_ROW
    assert all(len(row) == 5 and set(row) <= set(range(18)) for row in rows)


@pytest.mark.slow
def test_a_run_on_eight_devices_is_that_of_one_and_goes_on_with_one_or_four(darcy_file, tmp_path, monkeypatch):
    settings = {"batch_size": 8, "epochs": 10}
    many = start(darcy_file, tmp_path / "many", **settings)
    one = start(darcy_file, tmp_path / "one", division=Division(1), **settings)
    stopped = tmp_path / "stopped"
    start_and_interrupt(darcy_file, stopped, monkeypatch, 4, **settings)
    resumed = [shutil.copytree(stopped, tmp_path / f"on-{devices}") for devices in (1, 4)]
    for out, devices in zip(resumed, (1, 4), strict=True):
        resume(darcy_file, out, division=Division(devices))
    expected = [line["train_loss"] for line in history(one)]
    for out in (many, *resumed):
        assert [line["train_loss"] for line in history(out)] == pytest.approx(expected, rel=1e-4)


def test_as_many_devices_share_a_batch_as_divide_it():
    assert [training_mesh(samples, Division()).shape["data"] for samples in (16, 12, 10, 7, 1)] == [8, 6, 5, 7, 1]


@pytest.mark.slow
def test_bfloat16_has_float32_parameters_and_learns_as_well(darcy_file, undisturbed, tmp_path):
    low = start(darcy_file, tmp_path / "run", precision="bfloat16")
    assert {leaf.dtype for leaf in jax.tree.leaves(pde.load(low).params)} == {np.dtype(np.float32)}
    losses, expected = ([line["train_loss"] for line in history(out)] for out in (low, undisturbed))
    assert losses != expected
    assert losses == pytest.approx(expected, rel=0.05)
