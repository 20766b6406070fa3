"""Writing data sets of a problem, sample by sample."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from pde.datasets import create
from pde.errors import InputError
from pde.files import refuse_existing, write_aside
from pde.grid import Grid
from pde.progress import progress
from pde.versions import versions


@runtime_checkable
class Problem(Protocol):
    """An equation with a law of random inputs, on a grid."""

    @property
    def grid(self) -> Grid: ...

    def attributes(self) -> dict[str, str | float]: ...

    def sample(self, seed: int, index: int) -> dict[str, np.ndarray]: ...


def generate(problem: Problem, path: Path, *, samples: int, seed: int) -> None:
    """Write samples 0 .. samples-1 of a seed to an HDF5 file (`pde.datasets` says what it holds).

    The file is written aside and takes its name when whole. Samples are solved side by side, one thread a core,
    and written in order.

    Raises:
        InputError: `path` exists or cannot be written, or samples is below 1.
        ArithmeticError: the solver did not converge on a sample.
    """
    if samples < 1:
        raise InputError(f"--samples {samples} must be at least 1")
    refuse_existing(path)
    attributes = problem.attributes() | {"seed": seed} | {f"version_{k}": v for k, v in versions().items()}
    with write_aside(path) as aside, ThreadPoolExecutor(os.cpu_count()) as pool:
        solved = pool.map(lambda index: problem.sample(seed, index), range(samples))
        with create(aside, problem.grid, samples, attributes) as stored:
            try:
                for index, fields in enumerate(progress(solved, "generate", total=samples, unit="sample")):
                    for name, field in fields.items():
                        stored[name][index] = field.astype(np.float32)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
