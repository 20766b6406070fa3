"""The time that a call takes on this machine, now."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

REPEATS = 5


def median_milliseconds(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median time of a call that ends when its result is ready; a first call compiles and does not count."""
    return medians_in_turn([call], repeats)[0]


def medians_in_turn(calls: Sequence[Callable[[], Any]], repeats: int = REPEATS) -> list[float]:
    """Median milliseconds of several calls, as `median_milliseconds` measures one."""
    return np.median(times_in_turn(calls, repeats), axis=0).tolist()


def times_in_turn(calls: Sequence[Callable[[], Any]], repeats: int) -> Float[np.ndarray, "repeat call"]:
    """Milliseconds of several calls; a first call of each compiles and does not count.

    The calls are made in turn, so that other work on the machine slows all of them alike.
    """
    for call in calls:
        call()
    times = np.empty((repeats, len(calls)))
    for row in times:
        for number, call in enumerate(calls):
            started = time.perf_counter()
            call()
            row[number] = 1e3 * (time.perf_counter() - started)
    return times
