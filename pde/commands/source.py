"""Flags for data files that do not state their boundary, their domain or their periodic axes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from pde.data import datasets
from pde.data.data_file import DataFile
from pde.grids.grid import Domain
from pde.grids.outputs import Border
from pde.system.errors import InputError


@dataclass(frozen=True)
class Source:
    """For a data file that does not state its boundary, its domain or its periodic axes."""

    boundary: Border | None = None
    """Border of the outputs: they vanish there, or their derivatives across it do."""
    domain: Annotated[Domain | None, arg(metavar="FLOAT FLOAT ...")] = None
    """Domain x0 x1 y0 y1 in the unit of the coordinates."""
    periodic: tuple[str, ...] = ()
    """Periodic axes, such as x y."""

    def open(self, path: Path, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ()) -> DataFile:
        return datasets.open(path, inputs=inputs, outputs=outputs, **vars(self))


SourceFlags = Annotated[Source, arg(name="data file")]


def refuse_repeated(resolutions: tuple[int, ...]) -> None:
    """Raise InputError where a resolution is named twice."""
    for resolution in resolutions:
        if resolutions.count(resolution) > 1:
            raise InputError(f"--resolutions names {resolution} twice; name each grid once")
