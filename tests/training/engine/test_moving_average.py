"""The average of parameters: its formula, and what of a run is evaluated and resumed."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pde
from pde.runs.checkpoints import Checkpoints
from pde.runs.run import Run
from pde.system.errors import InputError
from pde.training.engine.moving_average import exchanged, with_average
from pde.training.prepare import optimiser_for
from pde.training.train import resume
from tests.small_runs import history, start, start_and_interrupt

DECAY = 0.8


def test_the_average_weighs_steps_by_powers_of_the_decay():
    optimiser = with_average(optax.sgd(0.1), DECAY)
    params = jnp.array([1.0, -2.0])
    state, seen = optimiser.init(params), []
    for gradient in np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32):
        updates, state = optimiser.update(jnp.asarray(gradient), state, params)
        params = optax.apply_updates(params, updates)
        seen.append(params)
        weights = DECAY ** np.arange(len(seen))[::-1]
        expected = weights @ np.array(seen) / weights.sum()
        np.testing.assert_allclose(exchanged(params, state)[0], expected, rtol=1e-5)
    for one, other in zip(exchanged(*exchanged(params, state)), (params, state), strict=True):
        jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(scope="module")
def averaged(darcy_file, tmp_path_factory):
    return start(darcy_file, tmp_path_factory.mktemp("runs") / "run", ema=DECAY)


def test_a_run_with_an_average_takes_the_same_steps_and_is_evaluated_by_it(averaged, undisturbed):
    losses, validation = ([line[name] for line in history(averaged)] for name in ("train_loss", "validation"))
    # Two programs, which round on their own.
    assert losses == pytest.approx([line["train_loss"] for line in history(undisturbed)], rel=1e-6)
    assert validation != [line["validation"] for line in history(undisturbed)]
    run = Run.open(averaged)
    with Checkpoints(averaged, run.seal, create=False) as checkpoints:
        params = run.build()[1]
        saved, *_ = checkpoints.restore_last(*exchanged(params, optimiser_for(run.training, 12).init(params)))
    last = pde.load(averaged)
    assert last.epoch == 4
    jax.tree.map(np.testing.assert_array_equal, last.params, saved)


@pytest.mark.slow
def test_a_run_with_an_average_resumes_to_the_bit(darcy_file, averaged, tmp_path, monkeypatch):
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 2, ema=DECAY)
    resume(darcy_file, tmp_path / "run")
    jax.tree.map(np.testing.assert_array_equal, pde.load(tmp_path / "run").params, pde.load(averaged).params)


def test_what_is_no_decay_is_refused(darcy_file, tmp_path):
    with pytest.raises(InputError, match=r"--ema 1\.0 must lie between 0 and 1"):
        start(darcy_file, tmp_path / "run", ema=1.0)
    assert not (tmp_path / "run").exists()
