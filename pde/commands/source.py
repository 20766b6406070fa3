"""Flags for data files that do not say everything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pde.data import datasets
from pde.data.datasets import DataFile
from pde.system.errors import InputError


@dataclass(frozen=True)
class Source:
    """What a data file without attributes does not say."""

    boundary: Literal["zero", "unknown"] | None = None
    """What is known of the solution on the border, for a file that does not say."""
    domain: tuple[float, float, float, float] | None = None
    """x0 x1 y0 y1 in the unit of the coordinates, for a file that does not say."""

    def open(self, path: Path, inputs: tuple[str, ...]) -> DataFile:
        return datasets.open(path, inputs=inputs, boundary=self.boundary, domain=self.domain)


def refuse_repeated(resolutions: tuple[int, ...]) -> None:
    """Raise InputError where a resolution is named twice."""
    for resolution in resolutions:
        if resolutions.count(resolution) > 1:
            raise InputError(f"--resolutions names {resolution} twice; name each grid once")
