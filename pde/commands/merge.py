"""`manojax merge`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from pde.data.merge import merge


@dataclass(frozen=True)
class Merge:
    """Join the shards of a data set to the file that one process would have written."""

    out: Positional[Path]
    """HDF5 file to write."""
    shards: Positional[tuple[Path, ...]]
    """All shards of one data set, in any order."""

    def run(self) -> None:
        print(f"{self.out}: {merge(self.out, self.shards)} samples from {len(self.shards)} shards")
