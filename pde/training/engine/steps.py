"""Training steps, many in one call of a compiled loop.

The memory that compiled code works in is asked of the system anew at every call: on a CPU that can cost as much as
the arithmetic of a small model's step. On a GPU such a step is over before the next is sent. A loop is sent once.
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
Augment = Callable[[Array, Array], Array]

SECONDS_A_CALL = 1.0
"""How long the steps of a call last, about."""


def make_step(
    loss: Loss,
    optimiser: optax.GradientTransformation,
    accumulate: int = 1,
    axis: str | tuple[str, ...] | None = None,
    *,
    parallel: Literal["pmap"] | None = None,
) -> Step:
    """step(params, optimiser_state, inputs, solution) -> (params, optimiser_state, loss), compiled.

    The loss, a mean over samples, and its gradient are the means over `accumulate` parts of the batch, of as many
    samples each, that are seen one after the other: memory is that of a part. Where one of them is not finite,
    nothing is changed and the loss is NaN.

    With `axis`, that of a mesh or of `jax.pmap`, devices along it have a part of the batch each, as large as the
    others', and take the same step: one all-reduce. With `parallel="pmap"` the step is mapped by `jax.pmap` along
    that axis, by default "data", and everything it takes and gives has a first axis of devices.
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
    """gradient(params, inputs, solution) -> (loss, gradient), as `make_step` has them."""

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
    """The state after a step, and its loss; the state before it and NaN where loss or gradient are not finite."""
    params, optimiser_state = state
    with jax.numpy_dtype_promotion("standard"):  # optax mixes integer counts with float rates
        updates, optimiser_state = optimiser.update(gradients, optimiser_state, params)
    finite = jnp.isfinite(value) & jnp.isfinite(optax.tree.norm(gradients))
    after = optax.apply_updates(params, updates), optimiser_state
    after = jax.tree.map(lambda new, old: jnp.where(finite, new, old), after, state)
    return after, jnp.where(finite, value, jnp.nan)


class Stepper:
    """Takes steps on samples of one shape, as many in a call as last about a second.

    So progress shows and Ctrl-C is heard. However many there are in a call, the same compiled loop takes them: the
    bits do not depend on it.

    Args:
        make: the gradient, given the axes of a mesh along which devices share a batch, None where one has it all.
        optimiser: what it moves the state by.
        feeder: where the samples come from.
        augment: map of the fields of a batch that its number chooses, inputs and solutions alike.
        mesh: devices that share a batch.
        placed: where parameters and the optimiser's state lie (`pde.training.engine.devices.placing`); by default
            all on every device.

    Attributes:
        loop: what a call runs, compiled: (state, fields, samples, numbers, steps) -> (state, losses).
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
            return gradient(params, *(augment(number, field[samples]) for field in fields))

        # Only samples are divided; what follows from them is local but for the gradient.
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
        """A step a batch: the state after them, and their losses."""
        started = time.perf_counter()
        # Numbers of as many batches in every call, of which the loop takes the first: one compilation serves all.
        numbers = np.zeros(self._most, np.int32)
        numbers[: len(batches)] = [number for _, number in batches]
        state = jax.device_put(state, self._placed)
        state, losses = self.loop(state, *feed, numbers, np.int32(len(batches)))
        found = np.asarray(losses)[: len(batches)]
        # The first call compiles as well, so it says nothing; it is short, and so are the next two.
        taken = len(batches) * SECONDS_A_CALL / (time.perf_counter() - started)
        self.steps = least(int(np.clip(taken, 1, self._most)))
        return state, found


def take_all(
    state: State, rows: Iterable[tuple[Stepper, Sequence[Batch]]]
) -> Iterator[tuple[State, Float[np.ndarray, " step"], Sequence[Batch]]]:
    """A step a batch, whatever the stepper: after each call the state, and the losses and batches of its steps.

    The samples of a call are loaded while the one before it is under way.
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
