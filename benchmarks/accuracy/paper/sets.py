"""The data that models are trained and tested on."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.published.data import NEURALOPERATOR_16, NODES_421, Data
from pde.equations.darcy.problem import Darcy


@dataclass(frozen=True)
class Set:
    """A training and a test file, and the points a side that they are strided to; None is all of them."""

    data: Data
    resolution: int | None

    def files(self, made: Path, given: Path, small: bool) -> tuple[Path, Path]:
        """Return both files: of `given` if they cannot be made, else of `made`, where they are made if missing.

        Raises:
            InputError: a file that cannot be made is missing.
        """
        if self.data.problem is None:
            return self.data.files(given)
        return (self.data.small(self.data.problem.resolution) if small else self.data).files(made)


CELLS_256 = Data("canonical-256-train.h5", "canonical-256-test.h5", Darcy(resolution=256, canonical=True))

SETS = {
    "darcy-16": Set(NEURALOPERATOR_16, None),
    "cells-32": Set(CELLS_256, 32),
    "nodes-31": Set(NODES_421, 31),
}
"""The 16 x 16 set of neuraloperator; 32 x 32 points of 256 x 256 cells; 31 x 31 of 421 x 421 nodes."""


def contrast(ratio: int) -> Set:
    """Return 31 x 31 of 241 x 241 nodes, two phases of that ratio."""
    problem = Darcy(resolution=241, contrast_high=3.0 * ratio)
    return Set(Data(f"contrast-{ratio}-train.h5", f"contrast-{ratio}-test.h5", problem), 31)
