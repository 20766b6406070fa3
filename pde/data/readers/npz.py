"""Archives of numpy.savez: arrays under the names of `pde.data.datasets`, and scalars as its attributes."""

from pathlib import Path

import numpy as np

from pde.data.readers.contents import Contents, plain
from pde.system.errors import InputError


def read(path: Path) -> Contents:
    """Read an archive whole.

    Raises:
        InputError: a member that is not an array of numbers or strings; pickled objects are not loaded.
    """
    fields, attributes = {}, {}
    with np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                array = archive[name]
            except ValueError as error:
                raise InputError(
                    f"{path}: {name} is no plain array; save it as numbers, without objects"
                ) from error
            if array.ndim == 0 or name == "domain":
                attributes[name] = plain(array)
            else:
                fields[name] = array
    return Contents(".npz", fields, attributes)
