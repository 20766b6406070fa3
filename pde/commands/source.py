"""Flags for data files that do not say everything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pde.data import datasets
from pde.data.data_file import DataFile
from pde.system.errors import InputError


@dataclass(frozen=True)
class Source:
    """Boundary and domain of a data file without attributes."""

    boundary: Literal["zero", "unknown"] | None = None
    """Border values of the solution, for a file without this attribute."""
    domain: tuple[float, float, float, float] | None = None
    """Domain x0 x1 y0 y1 in the unit of the coordinates, for a file without this attribute."""

    def open(self, path: Path, inputs: tuple[str, ...]) -> DataFile:
        return datasets.open(path, inputs=inputs, boundary=self.boundary, domain=self.domain)


def refuse_repeated(resolutions: tuple[int, ...]) -> None:
    """Raise InputError where a resolution is named twice."""
    for resolution in resolutions:
        if resolutions.count(resolution) > 1:
            raise InputError(f"--resolutions names {resolution} twice; name each grid once")
