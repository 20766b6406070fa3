"""`manojax convert`."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Positional

from pde.commands.source import Source, SourceFlags
from pde.data.convert import convert


@dataclass(frozen=True)
class Convert:
    """The flags of `manojax convert`."""

    data: Positional[Path]
    """Data file to read."""
    out: Positional[Path]
    """HDF5 file to write."""
    source: SourceFlags = field(default_factory=Source)

    def run(self) -> None:
        data = convert(self.data, self.out, **vars(self.source))
        print(f"{self.out}: {data.samples} samples from {data.format}")
