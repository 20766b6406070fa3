"""Stops that wait for the work under way."""

import signal
from contextlib import nullcontext

import pytest

from pde.system.interrupts import Terminated, deferred_stop


def survived(error, *numbers, inside=nullcontext):
    """Those of the signals after which the work under way went on; it must end with the error."""
    after = []

    def work():
        with deferred_stop() as stop, inside():
            for number in numbers:
                signal.raise_signal(number)
                after.append(number)
                assert stop.by is numbers[0]

    with pytest.raises(error):
        work()
    return after


def test_a_stop_is_raised_at_the_end():
    assert survived(Terminated, signal.SIGTERM) == [signal.SIGTERM]
    assert survived(KeyboardInterrupt, signal.SIGINT) == [signal.SIGINT]


def test_a_second_ctrl_c_stops_at_once():
    assert survived(KeyboardInterrupt, signal.SIGINT, signal.SIGINT) == [signal.SIGINT]


def test_a_stop_inside_another_block_is_that_ones():
    assert survived(Terminated, signal.SIGTERM, inside=deferred_stop) == [signal.SIGTERM]
