"""Conversion of any data file to our format."""

from pathlib import Path

from pde.data import datasets
from pde.data.data_file import DataFile
from pde.data.store import create
from pde.grids.grid import Boundary
from pde.system.files import refuse_existing, write_aside
from pde.system.progress import progress


def convert(
    source: str | Path,
    out: str | Path,
    *,
    boundary: Boundary | None = None,
    domain: tuple[float, ...] | None = None,
) -> DataFile:
    """Write the fields, coordinates and attributes of a data file to a new HDF5 file (`pde.data.datasets`).

    Args:
        source: a data file of any format in `pde.data.readers`.
        out: the file to write; its attribute `source_format` says what `source` was.
        boundary: "zero" or "unknown", for a file that does not say.
        domain: x0, x1, y0, y1, for a file that does not say.

    Returns:
        The file that was read.

    Raises:
        InputError: `out` exists or cannot be written, or bad data.
    """
    source, out = Path(source), Path(out)
    refuse_existing(out)
    data = datasets.open(source, boundary=boundary, domain=domain)
    shape = data.fields[data.inputs[0]].shape
    names = tuple(name for name, field in data.fields.items() if field.shape == shape)
    told = {name: value for name, value in data.attributes.items() if name not in ("inputs", "boundary", "domain")}
    attributes = {"source_format": data.format} | told  # a file converted twice keeps the first format
    with (
        write_aside(out) as aside,
        create(aside, data.grid, data.samples, attributes, names, inputs=data.inputs) as stored,
    ):
        for samples in progress(data.blocks(), "convert", unit="block"):
            for name in names:
                stored[name][samples] = data.read(name, samples)
    return data
