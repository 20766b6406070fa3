"""Creation of our HDF5 files; `pde.data.datasets` describes their contents."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pde.grids.grid import AXES, Grid
from pde.grids.kinds import ALL_SCALARS, Kinds
from pde.grids.outputs import Output, said_of


@contextmanager
def create(
    path: Path,
    grid: Grid,
    samples: int,
    attributes: Mapping[str, Any],
    names: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    outputs: tuple[Output, ...],
    kinds: Kinds = ALL_SCALARS,
    residual: bool = False,
    counted: bool = False,
    double: tuple[str, ...] = (),
) -> Iterator[dict[str, h5py.Dataset]]:
    """Create a file with empty data sets of these names on a grid, open for writing.

    With `residual` there is also a number for each sample, at first NaN; with `counted`, the number `written` of
    the samples that are there, at first 0.

    The data sets are float32, or float64 if named in `double`. The attributes `inputs` and `outputs` list those
    among them, and others declare the borders of the outputs and the kinds of the fields.

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
        if counted:
            stored["written"] = _reserve(file, "written", (1,), np.int64)
        for axis, coordinates in zip(AXES, grid.axes, strict=False):
            file[axis] = coordinates
        file.attrs.update(_declared(grid, inputs, outputs, kinds))
        file.attrs.update(sorted(attributes.items()))
        file.flush()
        yield stored


def _declared(grid: Grid, inputs: tuple[str, ...], outputs: tuple[Output, ...], kinds: Kinds) -> dict[str, Any]:
    """Return the attributes that `pde.data.datasets.DECLARED` names."""
    borders = said_of(outputs)
    declared = {
        "inputs": inputs,
        "boundary": borders if isinstance(borders, str) else json.dumps(borders),
        "domain": grid.domain,
        "periodic": grid.periodic or None,
        "outputs": tuple(output.name for output in outputs),
        "vectors": json.dumps(kinds.vectors) if kinds.vectors else None,
        "pseudoscalars": kinds.pseudoscalars or None,
    }
    return {name: value for name, value in declared.items() if value is not None}


def _reserve(file: h5py.File, name: str, shape: tuple[int, ...], dtype: type, **options: Any) -> h5py.Dataset:
    """Create a contiguous data set and reserve its space at once."""
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return file.create_dataset(name, shape, dtype, dcpl=early, **options)
