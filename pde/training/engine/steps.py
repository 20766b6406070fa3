"""Training steps, many in one call of a compiled loop.

Every call of compiled code requests its working memory from the system again. On a CPU this can cost as much as
the arithmetic of a small model's step; on a GPU such a step is over before the next is sent. A loop is sent once.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Float

from pde.system.processes import least
from pde.training.engine.devices import DATA
from pde.training.engine.feeding import Batch, Feed, Feeder, read_ahead

Loss = Callable[[Any, Array, Array], Array]
Gradient = Callable[[Any, Array, Array], tuple[Array, Any]]
Step = Callable[[Any, Any, Array, Array], tuple[Any, Any, Array]]
State = tuple[Any, Any]
"""Parameters and the optimiser's state."""
Augment = Callable[[Array, tuple[Array, Array]], tuple[Array, Array]]

SECONDS_A_CALL = 1.0
"""Approximate duration of the steps of a call."""


def make_step(
    loss: Loss,
    optimiser: optax.GradientTransformation,
    accumulate: int = 1,
    axis: str | tuple[str, ...] | None = None,
    *,
    parallel: Literal["pmap"] | None = None,
) -> Step:
    """Make step(params, optimiser_state, inputs, solution) -> (params, optimiser_state, loss), compiled.

    The loss, a mean over samples, and its gradient are the means over `accumulate` pieces of the batch of equal
    size. The pieces are computed one after the other, which takes the memory of one piece. If loss or gradient is
    not finite, nothing is changed and the loss is NaN.

    With `axis`, an axis of a mesh or of `jax.pmap`, each device along it has an equal piece of the batch, and all
    take the same step, with one all-reduce. With `parallel="pmap"` the step is mapped by `jax.pmap` along that
    axis, by default "data", and all its arguments and results have a first axis of devices.
    """
    if parallel == "pmap":
        axis = axis or DATA
    gradient = make_gradient(loss, accumulate, axis)

    @jax.jit
    def step(params: Any, optimiser_state: Any, inputs: Array, solution: Array) -> tuple[Any, Any, Array]:
        (params, optimiser_state), value = moved(
            optimiser, (params, optimiser_state), *gradient(params, inputs, solution)
        )
        return params, optimiser_state, value

    return jax.pmap(step, axis) if parallel == "pmap" else step


def make_gradient(loss: Loss, accumulate: int, axis: str | tuple[str, ...] | None) -> Gradient:
    """Make gradient(params, inputs, solution) -> (loss, gradient), as in `make_step`."""

    def gradient(params: Any, *batch: Array) -> tuple[Array, Any]:
        parts = [field.reshape(accumulate, -1, *field.shape[1:]) for field in batch]

        def add(total: Any, part: list[Array]) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, total, jax.value_and_grad(loss)(params, *part)), None

        total, _ = jax.lax.scan(add, (jnp.zeros(()), jax.tree.map(jnp.zeros_like, params)), parts)
        mean = jax.tree.map(lambda each: each / accumulate, total)
        if axis is None:
            return mean
        flat, unravel = ravel_pytree(mean)
        return unravel(jax.lax.pmean(flat, axis))

    return gradient


def moved(
    optimiser: optax.GradientTransformation, state: State, value: Array, gradients: Any
) -> tuple[State, Array]:
    """Return the state after a step and its loss or, if loss or gradient is not finite, the state before and
    NaN."""
    params, optimiser_state = state
    with jax.numpy_dtype_promotion("standard"):  # optax mixes integer counts with float rates
        updates, optimiser_state = optimiser.update(gradients, optimiser_state, params)
    finite = jnp.isfinite(value) & jnp.isfinite(optax.tree.norm(gradients))
    after = optax.apply_updates(params, updates), optimiser_state
    after = jax.tree.map(lambda new, old: jnp.where(finite, new, old), after, state)
    return after, jnp.where(finite, value, jnp.nan)


class Stepper:
    """Takes steps on samples of one shape, in calls of about a second.

    Short calls let progress show and Ctrl-C act. The same compiled loop takes any number of steps, so the bits of
    the result do not depend on that number.

    Args:
        make: function that makes the gradient, given the mesh axes along which devices share a batch, or None.
        optimiser: optimiser that updates the state.
        feeder: source of the samples.
        augment: map of the inputs and outputs of a batch, chosen by the batch's number.
        mesh: devices that share a batch.
        placed: placement of parameters and the optimiser's state (`pde.training.engine.devices.placing`); by
            default all on every device.

    Attributes:
        loop: the compiled function that a call runs: (state, fields, samples, numbers, steps) -> (state, losses).
    """

    def __init__(
        self,
        make: Callable[[tuple[str, ...] | None], Gradient],
        optimiser: optax.GradientTransformation,
        feeder: Feeder,
        augment: Augment,
        mesh: Mesh,
        placed: Any = None,
    ):
        self.feed, self.steps = feeder.feed, 1
        self._most = feeder.most
        self._placed = NamedSharding(mesh, PartitionSpec()) if placed is None else placed
        gradient = make(mesh.axis_names if mesh.size > 1 else None)

        def of_batch(params: Any, fields: tuple[Array, Array], samples: Array, number: Array) -> tuple[Array, Any]:
            inputs, outputs = (field[samples] for field in fields)
            return gradient(params, *augment(number, (inputs, outputs)))

        # Only samples are divided; everything computed from them is local except the gradient.
        whole = PartitionSpec()
        divided = jax.shard_map(
            of_batch,
            mesh=mesh,
            in_specs=(whole, feeder.divided, PartitionSpec(DATA), whole),
            out_specs=whole,
            check_vma=False,
        )
        of_batch = divided if mesh.size > 1 else of_batch

        def loop(
            state: State, fields: tuple[Array, Array], samples: Array, numbers: Array, steps: Array
        ) -> tuple[State, Array]:
            def one(index: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
                state, losses = carry
                found = of_batch(state[0], fields, samples[index], numbers[index])
                state, loss = moved(optimiser, state, *found)
                if mesh.size > 1:
                    state = jax.lax.with_sharding_constraint(state, self._placed)
                return state, losses.at[index].set(loss)

            return jax.lax.fori_loop(0, steps, one, (state, jnp.zeros(len(numbers))))

        self.loop = jax.jit(loop)

    def take(self, state: State, batches: Sequence[Batch], feed: Feed) -> tuple[State, Float[np.ndarray, " step"]]:
        """Take one step for each batch; return the state after them, and their losses."""
        started = time.perf_counter()
        # Every call has arrays of the same length, of which the loop takes the first entries: it is compiled once.
        numbers = np.zeros(self._most, np.int32)
        numbers[: len(batches)] = [number for _, number in batches]
        state = jax.device_put(state, self._placed)
        state, losses = self.loop(state, *feed, numbers, np.int32(len(batches)))
        found = np.asarray(losses)[: len(batches)]
        # The first call also compiles, so its time says nothing; it is short, and so are the next two.
        taken = len(batches) * SECONDS_A_CALL / (time.perf_counter() - started)
        self.steps = least(int(np.clip(taken, 1, self._most)))
        return state, found


def take_all(
    state: State, rows: Iterable[tuple[Stepper, Sequence[Batch]]]
) -> Iterator[tuple[State, Float[np.ndarray, " step"], Sequence[Batch]]]:
    """Take one step for each batch of each stepper; yield after each call the state, the losses and the batches.

    The samples of a call are loaded while the call before it runs.
    """

    def calls() -> Iterator[tuple[Stepper, Sequence[Batch]]]:
        for stepper, batches in rows:
            while batches:
                steps = stepper.steps
                yield stepper, batches[:steps]
                batches = batches[steps:]

    for (stepper, batches), feed in read_ahead(lambda call: call[0].feed(call[1]), calls()):
        state, losses = stepper.take(state, batches, feed)
        yield state, losses, batches
