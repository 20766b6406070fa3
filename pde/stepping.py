"""Training steps, many in one call of a compiled loop.

The memory that compiled code works in is asked of the system anew at every call: on a CPU that can cost as much as
the arithmetic of a small model's step. On a GPU such a step is over before the next is sent. A loop is sent once.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Float, Int

from pde.devices import AXIS
from pde.symmetries import Symmetry, transformed

Loss = Callable[[Any, Array, Array], Array]
Step = Callable[[Any, Any, Array, Array], tuple[Any, Any, Array]]
Batch = tuple[Int[np.ndarray, " sample"], np.integer]
"""Numbers of the samples, and of the symmetry that they are seen under."""

MOST_STEPS = 64
"""In a call."""
_SECONDS = 1.0


def make_step(
    loss: Loss,
    optimiser: optax.GradientTransformation,
    accumulate: int = 1,
    axis: str | None = None,
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
        axis = axis or AXIS

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

    @jax.jit
    def step(params: Any, optimiser_state: Any, inputs: Array, solution: Array) -> tuple[Any, Any, Array]:
        value, gradients = gradient(params, inputs, solution)
        with jax.numpy_dtype_promotion("standard"):  # optax mixes integer counts with float rates
            updates, moved = optimiser.update(gradients, optimiser_state, params)
        finite = jnp.isfinite(value) & jnp.isfinite(optax.tree.norm(gradients))
        state = jax.tree.map(
            lambda new, old: jnp.where(finite, new, old),
            (optax.apply_updates(params, updates), moved),
            (params, optimiser_state),
        )
        return *state, jnp.where(finite, value, jnp.nan)

    return jax.pmap(step, axis) if parallel == "pmap" else step


class Stepper:
    """Takes steps on the samples of one grid, as many in a call as last about a second.

    So progress shows and Ctrl-C is heard. However many there are in a call, the same compiled loop takes them: the
    bits do not depend on it.

    Args:
        make: the step, given the mesh axis along which devices share a batch, None where one has it all.
        inputs: of all samples, on every device.
        solution: likewise.
        chosen: symmetries that batches are seen under.
        devices: those that share a batch.
    """

    def __init__(
        self,
        make: Callable[[str | None], Step],
        inputs: Float[np.ndarray, "sample height width channel"],
        solution: Float[np.ndarray, "sample height width 1"],
        chosen: Sequence[Symmetry],
        devices: Sequence[Any],
    ):
        self._steps = 1
        mesh = Mesh(np.array(devices), (AXIS,))
        self._everywhere = NamedSharding(mesh, PartitionSpec())
        self._fields = jax.device_put((inputs, solution), self._everywhere)
        step = make(AXIS if len(devices) > 1 else None)

        def loop(
            state: tuple[Any, Any], fields: tuple[Array, Array], samples: Array, numbers: Array, steps: Array
        ) -> tuple[tuple[Any, Any], Array]:
            def one(index: Array, carry: tuple[tuple[Any, Any], Array]) -> tuple[tuple[Any, Any], Array]:
                state, losses = carry
                batch = [transformed(numbers[index], chosen, field[samples[index]]) for field in fields]
                *state, loss = step(*state, *batch)
                return tuple(state), losses.at[index].set(loss)

            return jax.lax.fori_loop(0, steps, one, (state, jnp.zeros(len(numbers))))

        # Only the numbers of a batch's samples are divided; what follows from them is local but for the gradient.
        whole, part = PartitionSpec(), PartitionSpec(None, AXIS)
        divided = jax.shard_map(
            loop, mesh=mesh, in_specs=(whole, whole, part, whole, whole), out_specs=whole, check_vma=False
        )
        self._loop = jax.jit(divided if len(devices) > 1 else loop)

    def run(
        self, state: tuple[Any, Any], batches: Sequence[Batch]
    ) -> Iterator[tuple[tuple[Any, Any], list[np.float32], Sequence[Batch]]]:
        """A step a batch, from (params, optimiser_state) to what they become: after each call of the loop the
        state, and the losses and batches of the steps that it took."""
        done, state = 0, jax.device_put(state, self._everywhere)
        while done < len(batches):
            now = batches[done:][: self._steps]
            started = time.perf_counter()
            state, losses = self._call(state, now)
            # The first call compiles as well, so it says nothing; it is short, and so is the next.
            self._steps = max(1, min(MOST_STEPS, int(len(now) * _SECONDS / (time.perf_counter() - started))))
            done += len(now)
            yield state, list(losses), now

    def _call(
        self, state: tuple[Any, Any], batches: Sequence[Batch]
    ) -> tuple[tuple[Any, Any], Float[np.ndarray, " step"]]:
        # Numbers of as many batches in every call, of which the loop takes the first: one compilation serves all.
        steps, size = len(batches), len(batches[0][0])
        samples, numbers = np.zeros((MOST_STEPS, size), np.int32), np.zeros(MOST_STEPS, np.int32)
        samples[:steps] = [batch for batch, _ in batches]
        numbers[:steps] = [number for _, number in batches]
        state, losses = self._loop(state, self._fields, samples, numbers, np.int32(steps))
        return state, np.asarray(losses)[:steps]
