"""One process at a time in a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pde.system.errors import InputError
from pde.system.files import refuse_existing

_LOCK = ".lock"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system releases however the process ends.

    Raises:
        InputError: another process holds it.
    """
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            f"{folder} is being trained by another process; wait for that one to end, or name another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


def refuse_taken(folder: Path) -> None:
    """Raise InputError if something exists under this name already; nobody is told to remove it while another
    process trains in it."""
    if (folder / _LOCK).exists():
        with alone_in(folder):
            pass
    refuse_existing(folder)
