"""Independent samples, solved side by side on the cores or accelerators of this machine.

On a CPU each sample is a program of its own, on one thread per core: its fields stay in the cache, unlike those of
a batch. On an accelerator a batch is one program, and every device has a thread that feeds it.
"""

import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import jax
import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCH_POINTS = 2**23
"""Points of a batch on an accelerator, all samples together: some 4 GiB in the solver."""


def batch_size(points: int) -> int:
    """Return the number of samples, of `points` points each, that one program solves here.

    It depends on the hardware and never on the number of samples requested, and so the bits of a sample do not
    depend on that number either.
    """
    return 1 if _on_cpu() else max(1, BATCH_POINTS // points)


def each_sample(function: Callable[[Any], Any], samples: Any) -> Any:
    """Map a traced function over the samples of arrays, as many side by side as `batch_size` says.

    Args:
        function: takes one sample of each array, without the leading axis.
        samples: an array or a tree of arrays, with samples along their first axes.
    """
    size = batch_size(max(math.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(samples)))
    return jax.lax.map(function, samples, batch_size=size if size > 1 else None)


def batches(indices: range, size: int) -> Iterator[range]:
    """Consecutive indices, `size` at a time; the last batch may be smaller."""
    return (indices[start : start + size] for start in range(0, len(indices), size))


def padded(indices: range, size: int) -> np.ndarray:
    """`size` indices, the last one repeated, so that every batch is the same program."""
    return np.minimum(indices.start + np.arange(size), indices[-1])


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """function(item) for each item, in order and never far ahead of the one asked for."""
    devices = [None] if _on_cpu() else jax.local_devices()
    workers = (os.cpu_count() or 1) if _on_cpu() else len(devices)

    def on_device(device: Any, item: Item) -> Result:
        with jax.default_device(device):
            return function(item)

    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number, item in enumerate(items):
                pending.append(pool.submit(on_device, devices[number % len(devices)], item))
                if len(pending) > 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _on_cpu() -> bool:
    return jax.default_backend() == "cpu"
