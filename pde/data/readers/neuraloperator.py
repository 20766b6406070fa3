"""The Darcy sets of the neuraloperator package: darcy_train_16.pt and the like, zip archives of torch.save.

A dictionary of tensors `x` (N, R, R), a phase indicator, and `y` (N, R, R), the solution, at i/R of the unit
square: index 0 lies on its border, where the solution is zero, and index R, on the opposite border, is not stored.
"""

from pathlib import Path
from zipfile import ZipFile

from pde.data.readers.contents import Contents, on_unit_square, renamed
from pde.data.readers.tensors import load_tensors

_NAMES = {"x": "coefficient", "y": "solution"}


def read(archive: ZipFile, folder: str, path: Path) -> Contents:
    """Read an open archive whose members lie in `folder`; both tensors are read whole.

    Raises:
        InputError: the pickle asks for anything but tensors, or `x` is missing or does not have three axes.
    """
    fields = renamed(path, load_tensors(archive, folder, path), _NAMES)
    return on_unit_square("neuraloperator .pt", fields, 0.0)
