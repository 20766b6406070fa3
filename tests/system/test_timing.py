import time

from pde.system.timing import REPEATS, median_milliseconds


def test_the_first_call_does_not_count_nor_does_a_slow_one_among_many():
    calls = []

    def call():
        calls.append(None)
        time.sleep(0.3 if len(calls) in (1, 3) else 0.01)

    assert 10 <= median_milliseconds(call) < 200
    assert len(calls) == 1 + REPEATS
