"""Ctrl-C and SIGTERM at moments when something must not be left half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pde.system.processes import anywhere


class Terminated(SystemExit):
    """The process was asked to end by SIGTERM, as clusters do before they take a machine away."""

    def __init__(self):
        super().__init__(128 + signal.SIGTERM)


class Stop:
    """A stop that may have been asked for, and the signal that asked."""

    def __init__(self):
        self.by: signal.Signals | None = None

    def share(self) -> None:
        """Stop where another process of the training is to stop; asked by all at the same point."""
        if anywhere(self.by is not None):
            self.by = self.by or signal.SIGTERM

    def now(self) -> None:
        """Raise KeyboardInterrupt after Ctrl-C, `Terminated` after SIGTERM."""
        if self.by is not None:
            raise KeyboardInterrupt if self.by is signal.SIGINT else Terminated


_outer: Stop | None = None


@contextmanager
def deferred_stop() -> Iterator[Stop]:
    """The first Ctrl-C or SIGTERM that comes inside is noted, and raised at the end at the latest; a second Ctrl-C
    stops at once. Inside another such block it is that one's."""
    global _outer
    if _outer is not None:
        yield _outer
        return
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield stop
        return

    def note(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.by = stop.by or signal.Signals(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    _outer = stop
    try:
        yield stop
    finally:
        _outer = None
        for number, handler in before.items():
            signal.signal(number, handler)
    stop.now()
