"""The time that a call takes on this machine, now."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

REPEATS = 5


def median_milliseconds(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median time of a call that ends when its result is ready; a first call compiles and does not count."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.median(times))
