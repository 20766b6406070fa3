"""A data file that survives being killed while it is written.

Until it is complete, OUT.h5 is called .OUT.h5.partial, in the same folder. The file gets that name with its layout
complete; from then on only values are written to it, so it can always be opened. Its data set `written` counts
the samples that are there; it is raised only when their fields are on disk. The seconds that the samples took are
added to the record beside the file (`pde.data.cost`) whenever samples are made safe.
"""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pde.data import datasets
from pde.data.cost import Cost, Session, cost_of, record_of
from pde.data.layout import Layout
from pde.system.errors import InputError
from pde.system.files import refuse_existing, refuse_unwritable, write_aside

SAVE_SECONDS = 1.0
"""Time after which newly added samples are made safe on disk."""
_LEAST_WRITE = 2**20  # bytes: a call takes as long as the solve of a small sample


class Samples:
    """The samples of a file that is being written, in order; the first `done` of them are safe on disk.

    A thread of its own makes samples safe, so that nobody waits for the disk while others are solved.

    Args:
        file: the file as long as it is partial.
        path: its final name, beside which the cost is recorded.
    """

    def __init__(self, file: h5py.File, path: Path):
        self._file, self._path = file, path
        self._stored: dict[str, Any] = dict(file)
        self._waiting: list[dict[str, np.ndarray]] = []
        self._residuals: list[float] = []
        self._saved = time.monotonic()
        self._saver, self._saving = ThreadPoolExecutor(1), Future[None]()
        self._saving.set_result(None)
        self.done = int(self._stored["written"][0])
        self._written = self.done
        self._started, self._first = time.perf_counter(), self.done
        if not self.done:
            Cost().save(path)  # in place of the record of a file that is gone
        self._earlier = cost_of(path)

    def append(self, sample: Mapping[str, np.ndarray]) -> None:
        """Add the next sample; it is safe within two seconds or so.

        Raises:
            OSError: it, or one before it, could not be written.
        """
        fields = {name: sample[name].astype(np.float32) for name in sample.keys() - {"residual"}}
        self._waiting.append(fields)
        if "residual" in self._stored:
            self._residuals.append(float(sample["residual"]))
        if len(self._waiting) * sum(field.nbytes for field in fields.values()) >= _LEAST_WRITE:
            self._write()
        if time.monotonic() - self._saved > SAVE_SECONDS and self._saving.done():
            self._save()

    def close(self) -> None:
        """Make all samples safe."""
        with self._saver:
            self._save()
            self._saving.result()

    def _write(self) -> None:
        """Write the fields of the samples that wait."""
        stop = self._written + len(self._waiting)
        for name in self._waiting[0] if self._waiting else ():
            self._stored[name][self._written : stop] = np.stack([sample[name] for sample in self._waiting])
        self._written, self._waiting = stop, []

    def _save(self) -> None:
        """Begin to make the samples added so far safe, after those before them."""
        self._saving.result()
        self._write()
        residuals, self._residuals = self._residuals, []
        self._saved = time.monotonic()
        self._saving = self._saver.submit(self._make_safe, self._written, residuals)

    def _make_safe(self, stop: int, residuals: list[float]) -> None:
        if residuals:
            self._stored["residual"][self.done : stop] = residuals
        _to_disk(self._file)
        self._stored["written"][0] = stop
        _to_disk(self._file)
        self.done = stop
        if self._earlier is not None:  # else the cost of the first samples is unknown, and so is that of all
            now = Cost(self.done - self._first, (Session.since(self._started),))
            (self._earlier + now).save(self._path)


@dataclass(frozen=True)
class ResumableFile:
    """A file to be written by one process or, after interruptions, by several in turn."""

    path: Path
    layout: Layout

    @property
    def _partial(self) -> Path:
        return self.path.with_name(f".{self.path.name}.partial")

    def check(self, resume: bool) -> None:
        """Check before the work that the file can be written.

        Raises:
            InputError: the folder cannot be written to; the file exists, complete or not, and `resume` is False or
                its layout differs; or another process is writing it.
        """
        refuse_unwritable(self.path)
        if not resume:
            refuse_existing(self.path)
        if self.path.exists():
            self._refuse_another(self.path)
        elif self._partial.exists():
            with _locked(self._partial):
                pass  # so no other process is writing it
            if not resume:
                raise InputError(f"{self._partial} was broken off; add --resume to go on with it, or remove it")
            self._refuse_another(self._partial)

    @contextmanager
    def write(self) -> Iterator[Samples]:
        """Yield the file's samples, to be added to; the file gets its name when the block ends.

        However the block is interrupted, writing can resume after the samples added so far. Only a failed solve
        leaves nothing, as it would fail again.

        Raises:
            InputError: another process is writing it.
        """
        if not self._partial.exists():
            with write_aside(self._partial, exclusive=True) as aside, self.layout.create(aside):
                pass
        try:
            with _locked(self._partial) as file:
                samples = Samples(file, self.path)
                try:
                    yield samples
                finally:
                    samples.close()
        except ArithmeticError:
            self._partial.unlink()
            record_of(self.path).unlink(missing_ok=True)
            raise
        os.replace(self._partial, self.path)

    def _refuse_another(self, path: Path) -> None:
        if difference := self.layout.difference(datasets.open(path, inputs=self.layout.inputs)):
            raise InputError(f"{path}: {difference}; resume with the options and versions it was begun with")


@contextmanager
def _locked(path: Path) -> Iterator[h5py.File]:
    """Open the file for writing, which HDF5 allows to one process at a time."""
    unbuffered = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    unbuffered.set_sieve_buf_size(0)  # a full disk then fails the write, not a flush or the close
    unbuffered.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    try:
        file = h5py.File(h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDWR, fapl=unbuffered))
    except BlockingIOError as error:
        raise InputError(f"{path} is being written by another process; wait for that one to end") from error
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error}); remove it") from error
    with file:
        yield file


def _to_disk(file: h5py.File) -> None:
    file.flush()
    os.fsync(file.id.get_vfd_handle())
