"""`manojax convert`."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Positional

from pde.commands.source import Source
from pde.data.convert import convert


@dataclass(frozen=True)
class Convert:
    """Rewrite a data file of any format that is read (HDF5, .mat, .pt, .npz) as our HDF5."""

    data: Positional[Path]
    """Data file."""
    out: Positional[Path]
    """HDF5 file to write."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        data = convert(self.data, self.out, boundary=self.source.boundary, domain=self.source.domain)
        print(f"{self.out}: {data.samples} samples from {data.format}")
