import os
import threading
import time

import pytest

from pde.solvers.side_by_side import in_order


def test_results_come_in_order_whoever_is_first():
    def slow_at_first(index):
        time.sleep(0.02 / (index + 1))
        return index

    assert list(in_order(slow_at_first, range(3, 20))) == list(range(3, 20))


def test_it_never_runs_far_ahead_whatever_the_number():
    begun = []
    results = in_order(begun.append, range(10**9))
    next(results)
    results.close()
    assert len(begun) <= 2 * os.cpu_count() + 1


def test_a_failure_comes_in_its_turn_and_ends_the_threads():
    def fails(index):
        return 1 / (index - 4)

    results = in_order(fails, range(100))
    assert [next(results) for _ in range(4)] == [1 / (i - 4) for i in range(4)]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert not any("ThreadPool" in t.name for t in threading.enumerate())
