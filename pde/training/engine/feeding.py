"""Feeders bring the samples of batches to the devices that share them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Bool, Float, Int

from pde.training.engine.devices import DATA

Pair = tuple[Float[np.ndarray, "sample *grid channel"], Float[np.ndarray, "sample *out_grid out"]]
"""Inputs and solutions of samples."""

Batch = tuple[Int[np.ndarray, " sample"], np.integer]
"""Numbers of the samples, and the number that chooses the augmentation of the batch."""

MOST_STEPS = 64
"""Largest number of steps in a call."""
MOST_BYTES = 2**26
"""Largest size of the samples that are sent for a call."""

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


class Feed(NamedTuple):
    """The arguments of a call: fields, and the positions in them of each batch's samples. All feeds of a training
    on a grid have one shape, so the call is compiled once."""

    fields: tuple[Array, Array]
    """Inputs and solutions."""
    samples: Int[np.ndarray, "step sample"]


class Resident:
    """A feeder that keeps all samples on every device and sends a call their numbers."""

    most = MOST_STEPS
    divided = PartitionSpec()

    def __init__(self, pair: Pair, mesh: Mesh):
        self._fields = jax.device_put(pair, NamedSharding(mesh, self.divided))

    def feed(self, batches: Sequence[Batch]) -> Feed:
        samples = np.zeros((self.most, len(batches[0][0])), np.int32)
        samples[: len(batches)] = [batch for batch, _ in batches]
        return Feed(self._fields, samples)


class Streamed:
    """A feeder that sends a call the samples of its batches, to each device its share.

    Args:
        read: function from numbers of samples to the samples.
        batch_bytes: size of a batch, inputs and solutions.
        mesh: devices that share a batch.
    """

    divided = PartitionSpec(DATA)

    def __init__(self, read: Callable[[Int[np.ndarray, " sample"]], Pair], batch_bytes: int, mesh: Mesh):
        self._read, self._mesh = read, mesh
        self.most = int(np.clip(MOST_BYTES // batch_bytes, 1, MOST_STEPS))

    def feed(self, batches: Sequence[Batch]) -> Feed:
        count = self._mesh.shape[DATA]
        # The shares of one device in all steps lie together; a process reads only the shares of its own devices.
        shares = np.stack([batch for batch, _ in batches]).reshape(len(batches), count, -1).swapaxes(0, 1)
        shares = shares[seen_here(self._mesh.devices)]
        size = shares.shape[-1]
        sharding = NamedSharding(self._mesh, self.divided)
        sent = []
        for field in self._read(shares.reshape(-1)):
            filled = np.zeros((len(shares), self.most, size, *field.shape[1:]), np.float32)
            filled[:, : len(batches)] = field.reshape(*shares.shape, *field.shape[1:])
            whole = (count * self.most * size, *field.shape[1:])
            sent.append(
                jax.make_array_from_process_local_data(sharding, filled.reshape(-1, *field.shape[1:]), whole)
            )
        own = np.arange(self.most * size, dtype=np.int32).reshape(self.most, -1)
        return Feed((sent[0], sent[1]), np.tile(own, count))


def seen_here(devices: np.ndarray) -> Bool[np.ndarray, " share"]:
    """Tell for each row of a mesh, which takes one share of a batch, if it has a device of this process."""
    here = np.vectorize(lambda device: device.process_index == jax.process_index(), otypes=[bool])
    return here(devices).any(axis=1)


Feeder = Resident | Streamed
"""Source of the feeds of a training: up to `most` batches each, with fields `divided` over the devices."""


def read_ahead(load: Callable[[Item], Loaded], items: Iterable[Item]) -> Iterator[tuple[Item, Loaded]]:
    """Yield each item with its loaded data, while a thread loads the data of the next.

    The items themselves are also fetched one ahead.
    """
    with ThreadPoolExecutor(1) as reader:
        pending: deque[tuple[Item, Any]] = deque()
        for item in items:
            pending.append((item, reader.submit(load, item)))
            if len(pending) > 1:
                before, loading = pending.popleft()
                yield before, loading.result()
        while pending:
            before, loading = pending.popleft()
            yield before, loading.result()
