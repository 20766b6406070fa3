"""Conversion of any data file to our format."""

from pathlib import Path

from pde.data import datasets
from pde.data.data_file import DataFile
from pde.data.store import create
from pde.grids.outputs import Borders
from pde.system.files import refuse_existing, write_aside
from pde.system.progress import progress


def convert(
    source: str | Path,
    out: str | Path,
    *,
    boundary: Borders | None = None,
    domain: tuple[float, ...] | None = None,
    periodic: tuple[str, ...] = (),
) -> DataFile:
    """Write the fields, coordinates and attributes of a data file to a new HDF5 file (`pde.data.datasets`).

    Args:
        source: a data file of any format in `pde.data.readers`.
        out: the file to write; its attribute `source_format` says what `source` was.
        boundary: the borders of the outputs (`pde.grids.outputs.Borders`), for a file that does not say.
        domain: x0, x1, y0, y1, for a file that does not say.
        periodic: names of the periodic axes, for a file that does not say.

    Returns:
        The file that was read.

    Raises:
        InputError: `out` exists or cannot be written, or bad data.
    """
    source, out = Path(source), Path(out)
    refuse_existing(out)
    data = datasets.open(source, boundary=boundary, domain=domain, periodic=periodic)
    names = tuple(name for name in data.fields if name in {*data.sampled, *data.inputs})
    told = {name: value for name, value in data.attributes.items() if name not in datasets.DECLARED}
    attributes = {"source_format": data.format} | told  # a file converted twice keeps the first format
    fields = {"inputs": data.inputs, "outputs": data.outputs, "kinds": data.kinds}
    with (
        write_aside(out) as aside,
        create(aside, data.grid, data.samples, attributes, names, **fields) as stored,
    ):
        for samples in progress(data.blocks(), "convert", unit="block"):
            for name in names:
                stored[name][samples] = data.read(name, samples)
    return data
