"""`manojax merge`."""

import glob
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from pde.data.merge import merge
from pde.system.errors import InputError


@dataclass(frozen=True)
class Merge:
    """The flags of `manojax merge`."""

    out: Positional[Path]
    """HDF5 file to write."""
    shards: Positional[tuple[Path, ...]]
    """All shards of one data set, in any order, or a quoted pattern such as "data-shard-*.h5"."""

    def run(self) -> None:
        shards = [path for shard in self.shards for path in _matches(shard)]
        print(f"{self.out}: {merge(self.out, shards)} samples from {len(shards)} shards")


def _matches(shard: Path) -> list[Path]:
    """Return the files that match a pattern; a path without a pattern stands for itself."""
    if shard.exists() or not glob.has_magic(str(shard)):
        return [shard]
    found = sorted(glob.glob(str(shard)))
    if not found:
        raise InputError(f"{shard}: no file has a name of this pattern; check it")
    return [Path(each) for each in found]
