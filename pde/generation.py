"""Writing data sets of a problem, sample by sample."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from pde.datasets import create
from pde.errors import InputError, check_seed
from pde.files import refuse_existing, write_aside
from pde.grid import Grid
from pde.progress import progress
from pde.versions import versions


@runtime_checkable
class Problem(Protocol):
    """An equation with a law of random inputs, on a grid."""

    @property
    def grid(self) -> Grid: ...

    def attributes(self) -> dict[str, str | float]:
        """What a data file says of its origin."""
        ...

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples in order, float64: `coefficient` and `solution` (height, width), and the solve's `residual`.

        How samples share the hardware is the problem's own affair; what it holds in memory must not grow with the
        number of indices.

        Raises:
            ArithmeticError: the solver did not converge on a sample.
        """
        ...


def generate(problem: Problem, path: Path, *, samples: int, seed: int) -> None:
    """Write samples 0 .. samples-1 of a seed to an HDF5 file (`pde.datasets` says what it holds).

    The file is written aside and takes its name when whole.

    Raises:
        InputError: `path` exists or cannot be written, or samples is below 1.
        ArithmeticError: the solver did not converge on a sample.
    """
    if samples < 1:
        raise InputError(f"--samples {samples} must be at least 1")
    refuse_existing(path)
    check_seed(seed)
    attributes = problem.attributes() | {"seed": seed} | {f"version_{k}": v for k, v in versions().items()}
    with write_aside(path) as aside, create(aside, problem.grid, samples, attributes, residual=True) as stored:
        solved = problem.samples(seed, range(samples))
        for index, sample in enumerate(progress(solved, "generate", total=samples, unit="sample")):
            for name, values in sample.items():
                stored[name][index] = values.astype(stored[name].dtype)
