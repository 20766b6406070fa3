"""Many steps in a call are the steps that one call each takes."""

import functools
import re
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import Mesh

from pde.grids.symmetries import Symmetry, transformed
from pde.training.engine import feeding
from pde.training.engine import steps as stepping
from pde.training.engine.devices import DATA, SPACE, Division, placing
from pde.training.engine.feeding import MOST_STEPS, Resident, Streamed
from pde.training.engine.steps import Stepper, make_gradient, make_step, take_all

SYMMETRIES = [Symmetry(), Symmetry((0,), (1, 0))]
generator = np.random.default_rng(0)
INPUTS, SOLUTION = generator.normal(size=(2, 9, 4, 4, 1)).astype(np.float32)


def augment(number, fields):
    return tuple(transformed(SYMMETRIES, number, each) for each in fields)


BYTES = 4 * 4 * 4 * 2
"""Size of a sample."""
BATCHES = [(generator.permutation(9)[:3], generator.integers(2, dtype=np.int32)) for _ in range(MOST_STEPS + 3)]


def read(numbers):
    return INPUTS[numbers], SOLUTION[numbers]


def loss(weight, inputs, solution):
    return ((weight * inputs - solution) ** 2).mean()


ADAM = optax.adam(1e-2)
MAKE = functools.partial(make_gradient, loss, 1)
STEP = make_step(loss, ADAM)


def start():
    weight = jnp.ones((1, 4, 4, 1))
    return weight, optax.adam(1e-2).init(weight)


def mesh_of(devices):
    return Mesh(np.array(jax.devices()[:devices]).reshape(-1, 1), (DATA, SPACE))


def stepper(devices=1, streamed=False):
    mesh = mesh_of(devices)
    feeder = Streamed(read, 3 * BYTES, mesh) if streamed else Resident((INPUTS, SOLUTION), mesh)
    return Stepper(MAKE, ADAM, feeder, augment, mesh)


def steps(monkeypatch, seconds, **options):
    monkeypatch.setattr(stepping, "SECONDS_A_CALL", seconds)
    calls = list(take_all(start(), [(stepper(**options), BATCHES)]))
    assert [batch for *_, batches in calls for batch in batches] == BATCHES
    return calls[-1][0], [loss for _, losses, _ in calls for loss in losses], [len(each[1]) for each in calls]


def test_as_many_in_a_call_as_last_so_many_seconds_have_the_same_bits(monkeypatch):
    *one_by_one, calls = steps(monkeypatch, 0)
    assert calls == [1] * len(BATCHES)
    *many, calls = steps(monkeypatch, 1e9)
    assert calls == [1, 1, MOST_STEPS, 1]
    jax.tree.map(np.testing.assert_array_equal, one_by_one, many)


@dataclass(frozen=True)
class Device:
    """As much of a device as a mesh knows of those of other processes."""

    id: int
    process_index: int


@pytest.mark.parametrize(
    ("processes", "shares"), [([[0, 0], [0, 1], [1, 1]], [0, 1]), ([[1, 1], [0, 0], [1, 1]], [1])]
)
def test_a_process_reads_the_shares_of_its_own_devices(processes, shares):
    """Two devices divide the grid of each share of a batch."""
    devices = [Device(number, process) for number, process in enumerate(np.ravel(processes))]
    mesh, asked = Mesh(np.reshape(devices, (3, 2)), (DATA, SPACE)), []

    def noted(numbers):
        asked.extend(numbers)
        raise EOFError  # nothing can be sent to devices that there are not

    with pytest.raises(EOFError):
        Streamed(noted, 3 * BYTES, mesh).feed(BATCHES[:2])
    assert asked == [batch[share] for share in shares for batch, _ in BATCHES[:2]]


def test_devices_keep_their_share_of_the_optimisers_state():
    division = Division(2, optimiser=True)
    placed = placing(start(), mesh_of(2), division)
    stepper = Stepper(MAKE, ADAM, Resident((INPUTS, SOLUTION), mesh_of(2)), augment, mesh_of(2), placed)
    batches = [(np.arange(4), np.int32(0))] * 3
    *_, (state, _, _) = take_all(start(), [(stepper, batches)])
    sizes = [leaf.addressable_data(0).size for leaf in jax.tree.leaves(state)]
    assert sizes == [16, 1, 8, 8]  # the weight, and of Adam the count and both moments


@pytest.mark.parametrize("devices", [1, 3])
def test_steps_are_the_same_where_samples_are_read_for_every_call(monkeypatch, devices):
    *expected, _ = steps(monkeypatch, 1e9, devices=devices)
    monkeypatch.setattr(feeding, "MOST_BYTES", 4 * 2 * INPUTS[:3].nbytes + 1)
    *found, calls = steps(monkeypatch, 1e9, devices=devices, streamed=True)
    assert calls == [1, 1, *[4] * 16, 1]
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_the_loop_takes_the_steps_of_a_plain_loop(monkeypatch):
    state, losses, _ = steps(monkeypatch, 1)
    expected = start()
    for (samples, number), loss in zip(BATCHES, losses, strict=True):
        batch = [SYMMETRIES[number](jnp.asarray(field[samples])) for field in (INPUTS, SOLUTION)]
        *expected, value = STEP(*expected, *batch)
        assert loss == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(state[0], expected[0], rtol=1e-5)


def test_parts_of_a_batch_make_the_step_of_the_whole():
    seen = set()

    def seeing(weight, inputs, solution):
        seen.add(len(inputs))
        return loss(weight, inputs, solution)

    batch = jnp.asarray(INPUTS), jnp.asarray(SOLUTION)
    in_parts = make_step(seeing, optax.adam(1e-2), accumulate=3)(*start(), *batch)
    assert seen == {3}
    for found, expected in zip(jax.tree.leaves(in_parts), jax.tree.leaves(STEP(*start(), *batch)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
def test_a_step_whose_loss_or_gradient_is_not_finite_is_skipped(bad):
    before = STEP(*start(), jnp.asarray(INPUTS), jnp.asarray(SOLUTION))[:2]
    *after, value = STEP(*before, jnp.asarray(INPUTS).at[1, 2, 3].set(bad), jnp.asarray(SOLUTION))
    assert np.isnan(value)
    jax.tree.map(np.testing.assert_array_equal, tuple(after), before)


def test_devices_that_share_a_batch_take_its_steps():
    one, three = (list(take_all(start(), [(stepper(devices), BATCHES[:20])])) for devices in (1, 3))
    assert len(three[-1][0][0].sharding.device_set) == 3
    losses, expected = ([float(loss) for _, found, _ in calls for loss in found] for calls in (three, one))
    assert losses == pytest.approx(expected, rel=1e-4)


def test_a_step_under_pmap_is_that_of_one_device():
    batch = jnp.asarray(INPUTS), jnp.asarray(SOLUTION)
    parallel = make_step(loss, optax.adam(1e-2), parallel="pmap")
    everywhere = jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), start())
    found = parallel(*everywhere, *(field.reshape(3, 3, *field.shape[1:]) for field in batch))
    for leaf, expected in zip(jax.tree.leaves(found), jax.tree.leaves(STEP(*start(), *batch)), strict=True):
        for device in leaf:
            np.testing.assert_allclose(device, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("streamed", [False, True])
def test_devices_exchange_the_gradient_once_a_step_and_nothing_else(streamed):
    """In a loop of steps with two parts a batch, and parameters in two arrays."""

    def two(params, inputs, solution):
        return loss(params["weight"], inputs, solution) + (params["bias"] ** 2).sum()

    make = functools.partial(make_gradient, two, 2)
    mesh = mesh_of(4)
    feeder = Streamed(read, 8 * BYTES, mesh) if streamed else Resident((INPUTS, SOLUTION), mesh)
    many = Stepper(make, ADAM, feeder, augment, mesh)
    params = {"weight": jnp.ones((1, 4, 4, 1)), "bias": jnp.ones(3)}
    state = params, optax.adam(1e-2).init(params)
    feed, numbers = feeder.feed([(np.arange(8), np.int32(0))]), np.zeros(feeder.most, np.int32)
    program = many.loop.lower(state, *feed, numbers, np.int32(1)).compile().as_text()
    collectives = re.findall(r" (all-[a-z-]+|collective-[a-z-]+|reduce-scatter)\(", program)
    assert collectives == ["all-reduce"]
