"""Creation of our HDF5 files; `pde.data.datasets` describes their contents."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pde.grids.grid import AXES, Grid


@contextmanager
def create(
    path: Path,
    grid: Grid,
    samples: int,
    attributes: Mapping[str, Any],
    names: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    residual: bool = False,
    double: tuple[str, ...] = (),
) -> Iterator[dict[str, h5py.Dataset]]:
    """Create a file with empty data sets of these names on a grid, open for writing; `residual` begins as NaN.

    The data sets are float32, or float64 if named in `double`. The attribute `inputs` lists the inputs among them.

    The layout, with space for all values, is on disk before the file is handed out. Only values are written later,
    so a file whose writer is killed can be opened, and its bytes depend only on the values and attributes.
    """
    with h5py.File(path, "w") as file:
        stored = {
            name: _reserve(file, name, (samples, *grid.shape), np.float64 if name in double else np.float32)
            for name in names
        }
        if residual:
            stored["residual"] = _reserve(file, "residual", (samples,), np.float64, fillvalue=np.nan)
        for axis, coordinates in zip(AXES, grid.axes, strict=False):
            file[axis] = coordinates
        file.attrs["inputs"], file.attrs["boundary"] = inputs, grid.boundary
        if grid.domain is not None:
            file.attrs["domain"] = grid.domain
        file.attrs.update(sorted(attributes.items()))
        file.flush()
        yield stored


def _reserve(file: h5py.File, name: str, shape: tuple[int, ...], dtype: type, **options: Any) -> h5py.Dataset:
    """Create a contiguous data set and reserve its space at once."""
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return file.create_dataset(name, shape, dtype, dcpl=early, **options)
