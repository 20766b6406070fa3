"""The layout of a generated file: everything but its values."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from pde.data.data_file import DataFile
from pde.data.datasets import DECLARED
from pde.data.store import create
from pde.grids.grid import Grid
from pde.grids.kinds import Kinds
from pde.grids.outputs import Output


@dataclass(frozen=True)
class Layout:
    """Fields, grid, number of samples and attributes: the parts that two files of one command share."""

    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    kinds: Kinds
    grid: Grid
    samples: int
    attributes: Mapping[str, Any]
    residual: bool
    """True if each sample comes with the relative residual of its solve."""

    def create(self, path: Path) -> AbstractContextManager[dict[str, h5py.Dataset]]:
        """Create a file of this layout, open for writing its values."""
        names = (*self.inputs, *(output.name for output in self.outputs))
        return create(
            path,
            self.grid,
            self.samples,
            self.attributes,
            names,
            inputs=self.inputs,
            outputs=self.outputs,
            kinds=self.kinds,
            residual=self.residual,
            counted=True,
        )

    def difference(self, data: DataFile) -> str | None:
        """Describe the first difference between a file's layout and this one; None if there is none."""
        for name in sorted(self.attributes.keys() | data.attributes.keys() - set(DECLARED)):
            its, mine = data.attributes.get(name, "missing"), self.attributes.get(name, "missing")
            if its != mine:
                return f"its {name} is {its}, not {mine}"
        if data.samples != self.samples:
            return f"it holds {data.samples} samples, not {self.samples}"
        if data.grid.shape != self.grid.shape:
            return f"its grid is {data.grid}, not {self.grid}"
        alike = data.grid == self.grid and (data.outputs, data.kinds) == (self.outputs, self.kinds)
        return None if alike else "its coordinates, domain, outputs or their boundary differ"
