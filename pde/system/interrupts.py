"""Ctrl-C and SIGTERM at moments when something must not be left half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(SystemExit):
    """The process was asked to end by SIGTERM, as clusters do before they take a machine away."""

    def __init__(self):
        super().__init__(128 + signal.SIGTERM)


class Stop:
    """The state of a stop: the signal that asked for it, or None."""

    def __init__(self):
        self.by: signal.Signals | None = None

    def share(self) -> None:
        """Stop if another process of the training is to stop; all processes call this at the same point."""
        from pde.system.processes import anywhere  # the command line's help must not wait for JAX

        if anywhere(self.by is not None):
            self.by = self.by or signal.SIGTERM

    def now(self) -> None:
        """Raise KeyboardInterrupt after Ctrl-C, `Terminated` after SIGTERM."""
        if self.by is not None:
            raise KeyboardInterrupt if self.by is signal.SIGINT else Terminated


_outer: Stop | None = None


@contextmanager
def deferred_stop() -> Iterator[Stop]:
    """Note the first Ctrl-C or SIGTERM inside the block and raise it at the end at the latest; a second Ctrl-C
    stops at once. A block inside another shares the stop of the outer one."""
    global _outer
    if _outer is not None:
        yield _outer
        return
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():  # only the main thread is interrupted
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
