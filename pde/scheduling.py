"""Work done side by side on the cores of this machine."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_order(function: Callable[[int], Result], indices: Iterable[int]) -> Iterator[Result]:
    """function(index) for each index, in order: one thread a core, and never far ahead of the one asked for."""
    cores = os.cpu_count() or 1
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            for index in indices:
                pending.append(pool.submit(function, index))
                if len(pending) > 2 * cores:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
