"""Archives of numpy.savez: arrays under the names of `pde.datasets`, scalars and `domain` for its attributes."""

from pathlib import Path

import numpy as np

from pde.errors import InputError
from pde.readers.contents import Contents, plain


def read(path: Path) -> Contents:
    """An archive, read whole.

    Raises:
        InputError: a member that is no array of numbers or strings; pickled objects are not loaded.
    """
    arrays = {}
    with np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                arrays[name] = archive[name]
            except ValueError as error:
                raise InputError(
                    f"{path}: {name} is no plain array; save it as numbers, without objects"
                ) from error
    said = {name for name, array in arrays.items() if array.ndim == 0 or name == "domain"}
    return Contents(
        ".npz",
        {name: array for name, array in arrays.items() if name not in said},
        {name: plain(arrays[name]) for name in said},
    )
