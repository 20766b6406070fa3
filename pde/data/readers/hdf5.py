"""HDF5 files of any layout: fields stay in the file until they are sliced."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pde.data.readers.contents import Contents, Selection, plain
from pde.system.errors import InputError


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """An HDF5 file, open for reading.

    Raises:
        InputError: the file is truncated, damaged or not HDF5.
    """
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        if "truncated" in str(error):
            raise InputError(f"{path} is truncated; copy or generate it again") from error
        raise InputError(f"{path} is HDF5 that cannot be read; copy or generate it again") from error
    with file:
        yield file


@dataclass(frozen=True)
class StoredField:
    """A data set of an HDF5 file. The file is opened only for each read: no process holds or inherits it."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    take: Callable[[Any, slice], np.ndarray] = lambda data, samples: data[samples]
    """Reader of samples from a data set whose axes differ from ours."""

    def __getitem__(self, samples: Selection) -> np.ndarray:
        with open_hdf5(self.path) as file:
            try:
                data = file[self.name]
                if isinstance(samples, slice):
                    return self.take(data, samples)
                return np.concatenate([self.take(data, slice(i, i + 1)) for i in samples])
            except (OSError, KeyError) as error:
                raise InputError(
                    f"{self.path}: {self.name} cannot be read; copy or make the file again"
                ) from error


def stored_fields(file: h5py.File, path: Path) -> dict[str, StoredField]:
    """The data sets at the root of a file."""
    return {
        name: StoredField(path, name, data.shape or (), data.dtype)
        for name, data in file.items()
        if isinstance(data, h5py.Dataset)
    }


def read_own(file: h5py.File, path: Path) -> Contents:
    """Read a file with the layout of `pde.data.datasets`, written by any program."""
    return Contents("HDF5", stored_fields(file, path), attributes(file))


def attributes(file: h5py.File) -> dict[str, Any]:
    """The attributes of a file as plain Python."""
    return {plain(name): plain(value) for name, value in file.attrs.items()}
