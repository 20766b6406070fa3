"""Writing data sets of a problem, sample by sample."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
    check_seed(seed)
    attributes = problem.attributes() | {"seed": seed} | {f"version_{k}": v for k, v in versions().items()}
    with write_aside(path) as aside, create(aside, problem.grid, samples, attributes) as stored:
        solved = _in_order(problem, seed, samples)
        for index, fields in enumerate(progress(solved, "generate", total=samples, unit="sample")):
            for name, field in fields.items():
                stored[name][index] = field.astype(np.float32)


def _in_order(problem: Problem, seed: int, samples: int) -> Iterator[dict[str, np.ndarray]]:
    """Samples in order, solved side by side on all cores and never far ahead of the one asked for."""
    cores = os.cpu_count() or 1
    pending: deque[Future[dict[str, np.ndarray]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            for index in range(samples):
                pending.append(pool.submit(problem.sample, seed, index))
                if len(pending) > 2 * cores:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
