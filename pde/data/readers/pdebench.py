"""The Darcy sets of PDEBench (Takamoto et al., NeurIPS 2022): 2D_DarcyFlow_beta*_Train.hdf5.

`nu` (N, H, W) is the coefficient, `tensor` (N, 1, H, W) the solution of -div(nu grad u) = beta, an attribute.
`x-coordinate` (H,) belongs to the axis before the last, as in its generator, and `y-coordinate` (W,) to the
last. PDEBench states that the solution is zero on the border of the unit square; this is adopted if the
coordinates are its cell centres. Its solver sets the zero in ghost cells outside, so on the border itself the
solution is zero only to first order in the spacing.
"""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from pde.data.readers.contents import UNIT_SQUARE, Contents, Field, renamed
from pde.data.readers.hdf5 import attributes, stored_fields
from pde.system.errors import InputError

_NAMES = {"nu": "coefficient", "tensor": "solution", "x-coordinate": "x", "y-coordinate": "y"}


def is_pdebench(file: h5py.File) -> bool:
    """Tell if the names in a file are those of PDEBench, for any of its equations, and not ours."""
    return "x" not in file and ("x-coordinate" in file or ("nu" in file and "tensor" in file))


def read(file: h5py.File, path: Path) -> Contents:
    """Read an open file of PDEBench.

    Raises:
        InputError: the file is not one of the Darcy sets: an array is missing or has other axes.
    """
    fields = dict(stored_fields(file, path))
    tensor = fields.get("tensor")
    if tensor is not None:
        if len(tensor.shape) != 4 or tensor.shape[1] != 1:
            raise InputError(f"{path}: tensor has shape {tensor.shape}; it must be (samples, 1, height, width)")
        fields["tensor"] = replace(tensor, shape=tensor.shape[:1] + tensor.shape[2:], take=_first_time)
    named = renamed(path, fields, _NAMES)
    _, height, width = named["coefficient"].shape
    centred = _are_centres(named["x"], height) and _are_centres(named["y"], width)
    return Contents("PDEBench HDF5", named, attributes(file) | (UNIT_SQUARE if centred else {}))


def _first_time(data: h5py.Dataset, samples: slice) -> np.ndarray:
    return data[samples, 0]


def _are_centres(axis: Field, cells: int) -> bool:
    """Tell if coordinates are the centres of equal cells between 0 and 1."""
    if axis.shape != (cells,) or axis.dtype.kind not in "fiu":
        return False
    return np.allclose(axis[:], (np.arange(cells) + 0.5) / cells, rtol=0, atol=1e-3 / cells)
