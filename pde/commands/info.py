"""`manojax info`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from pde.info import describe


@dataclass(frozen=True)
class Info:
    """Say what a data file or a run folder is."""

    path: Positional[Path]
    """Data file or run folder."""

    def run(self) -> None:
        print(describe(self.path))
