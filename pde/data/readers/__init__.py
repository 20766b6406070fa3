"""Readers of data files, each format known by its content and never by the name of the file.

They use `pde.system` alone. They offer `read`, which returns the `Contents` of any file. A new format is one new
file here and one line in `read`.
"""

import zipfile
from pathlib import Path

from pde.data.readers import matlab, neuraloperator, npz, pdebench, probe
from pde.data.readers.contents import Contents, damage_told
from pde.data.readers.hdf5 import open_hdf5, read_own
from pde.system.errors import InputError

_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read(path: Path) -> Contents:
    """Read the contents of a data file of any format, under our names.

    Raises:
        InputError: the file does not exist, has none of the formats, or is truncated or damaged; or something that
            the format requires is missing or has the wrong shape.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; check the path")
    if not path.is_file():
        raise InputError(f"{path} is a folder or a device; name a data file")
    with path.open("rb") as file:
        head = file.read(19)
    if head == b"MATLAB 5.0 MAT-file":
        return matlab.read_5(path)
    if head == b"MATLAB 7.3 MAT-file":
        probe.check(path)
        return matlab.read_7(path)
    if head.startswith(_HDF5):
        probe.check(path)
        return _read_hdf5(path)
    if head.startswith(_ZIP):
        return _read_zip(path)
    if head.startswith(_PICKLES):
        raise InputError(
            f"{path} is a bare pickle, as torch.save wrote before 1.6; load it there, save it with a newer torch"
        )
    raise _unknown(path)


def _read_hdf5(path: Path) -> Contents:
    with open_hdf5(path) as file, damage_told(path, "HDF5 file"):
        return pdebench.read(file, path) if pdebench.is_pdebench(file) else read_own(file, path)


def _read_zip(path: Path) -> Contents:
    with damage_told(path, "zip archive (.pt or .npz)"), zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("/data.pkl"):
                return neuraloperator.read(archive, name.removesuffix("data.pkl"), path)
            if name.endswith(".npy"):
                return npz.read(path)
    raise _unknown(path)


def _unknown(path: Path) -> InputError:
    return InputError(f"{path} is no data file that can be read; give HDF5, .mat, .pt or .npz")
