"""The Darcy sets of Li et al., "Fourier Neural Operator", ICLR 2021: piececonst_r421_N1024_smooth1.mat and the
like.

MATLAB arrays `coeff` and `sol` (N, s, s), sampled at the cell centres (i + 1/2)/s of the unit square; the solution
is zero on its border. Other arrays of such a file (`Kcoeff` and its derivatives) are ignored.
"""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
from scipy.io import loadmat

from pde.data.readers.contents import Contents, damage_told, on_unit_square, renamed
from pde.data.readers.hdf5 import open_hdf5, stored_fields

_NAMES = {"coeff": "coefficient", "sol": "solution"}
_CENTRES = 0.5


def read_5(path: Path) -> Contents:
    """Read a file of MATLAB 5 to 7.2, compressed or not; both arrays are read whole.

    Raises:
        InputError: truncated or damaged, no `coeff`, or not three axes.
    """
    with damage_told(path, "MATLAB file"):
        found = loadmat(str(path), appendmat=False, variable_names=list(_NAMES))
    arrays = {name: array for name, array in found.items() if not name.startswith("__")}
    return on_unit_square("Li et al., MATLAB 5", renamed(path, arrays, _NAMES), _CENTRES)


def read_7(path: Path) -> Contents:
    """Read a file of MATLAB 7.3: HDF5 that holds column-major arrays with their axes reversed.

    Raises:
        InputError: truncated or damaged, no `coeff`, or not three axes.
    """
    with open_hdf5(path) as file, damage_told(path, "MATLAB file"):
        stored = stored_fields(file, path)
    fields = {name: replace(field, shape=field.shape[::-1], take=_reversed) for name, field in stored.items()}
    return on_unit_square("Li et al., MATLAB 7.3", renamed(path, fields, _NAMES), _CENTRES)


def _reversed(data: h5py.Dataset, samples: slice) -> np.ndarray:
    return data[..., samples].T
