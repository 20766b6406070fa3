import time

from pde.system.timing import REPEATS, median_milliseconds, medians_in_turn


def test_the_first_call_does_not_count_nor_does_a_slow_one_among_many():
    calls = []

    def call():
        calls.append(None)
        time.sleep(0.3 if len(calls) in (1, 3) else 0.01)

    assert 10 <= median_milliseconds(call) < 200
    assert len(calls) == 1 + REPEATS


def test_several_calls_are_timed_in_turn_and_each_has_its_own_median():
    made = []
    slow, fast = (lambda: (made.append("slow"), time.sleep(0.02))), (lambda: made.append("fast"))
    found = medians_in_turn([slow, fast], repeats=3)
    assert made == ["slow", "fast"] * 4
    assert found[1] < 20 <= found[0]
