"""Our HDF5 files as they are written: `pde.data.datasets` says what they hold."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pde.grids.grid import Grid


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
    """A new file with empty data sets of these names on a grid, open for writing; `residual` begins as NaN.

    They are float32, those named in `double` float64. The attribute `inputs` lists those that are inputs.

    Its layout is on disk before it is handed out, space for all values included: what is written later is values
    alone, so a file whose writer is killed can be opened, and its bytes depend on the values and attributes alone.
    """
    with h5py.File(path, "w") as file:
        stored = {
            name: _reserve(file, name, (samples, *grid.shape), np.float64 if name in double else np.float32)
            for name in names
        }
        if residual:
            stored["residual"] = _reserve(file, "residual", (samples,), np.float64, fillvalue=np.nan)
        file["x"], file["y"] = grid.x, grid.y
        file.attrs["inputs"], file.attrs["boundary"] = inputs, grid.boundary
        if grid.domain is not None:
            file.attrs["domain"] = grid.domain
        file.attrs.update(sorted(attributes.items()))
        file.flush()
        yield stored


def _reserve(file: h5py.File, name: str, shape: tuple[int, ...], dtype: type, **options: Any) -> h5py.Dataset:
    """A contiguous data set whose space is set aside at once."""
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return file.create_dataset(name, shape, dtype, dcpl=early, **options)
