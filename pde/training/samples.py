"""The samples of a training or its validation: in memory, or in their file until they are asked for."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pde.data.data_file import DataFile
from pde.data.readers.contents import Selection
from pde.grids.grid import Grid
from pde.preprocessing.input_transform import Pair, read_pairs
from pde.runs.config import TrainingConfig
from pde.system.progress import progress


@dataclass(frozen=True)
class Samples:
    """Samples on a grid, in memory or in their file."""

    path: Path
    grid: Grid
    count: int
    inputs_shape: tuple[int, ...]
    """Points along each axis and channels of a sample's inputs as the model sees them."""
    outputs: int
    """Number of output fields."""
    blocks: tuple[slice, ...]
    """Slices of all samples, each small enough for memory. They are the same wherever samples are kept, so sums
    over them have the same bits."""
    read: Callable[[Selection], Pair]

    @property
    def numbers(self) -> int:
        """Count the numbers of a sample, inputs and outputs."""
        return math.prod(self.inputs_shape) + self.outputs * math.prod(self.grid.shape)

    def each(self) -> Iterator[Pair]:
        """Yield all samples, block by block."""
        return map(self.read, self.blocks)

    def first(self, count: int) -> Iterator[Pair]:
        """Yield the first `count` samples, or all if there are fewer, block by block."""
        for block in self.blocks:
            if block.start < count:
                yield self.read(slice(block.start, min(block.stop, count)))


def stored(data: DataFile, samples: slice, config: TrainingConfig, grid: Grid) -> Samples:
    """Samples read and preprocessed on demand.

    Reading raises:
        InputError: data that cannot be read, or that the view cannot take.
    """
    start, stop, _ = samples.indices(data.samples)

    def read(chosen: Selection) -> Pair:
        if isinstance(chosen, slice):
            first, last, _ = chosen.indices(stop - start)
            numbers: Selection = slice(start + first, start + last)
        else:
            numbers = start + chosen
        return read_pairs(data, numbers, config.view, grid)

    blocks = tuple(slice(block.start - start, block.stop - start) for block in data.blocks(samples))
    points = (data.grid if config.view.learns_equation else grid).shape
    shape = (*points, config.view.channels)
    return Samples(data.path, grid, stop - start, shape, len(data.outputs), blocks, read)


def together(
    inputs: Float[np.ndarray, "sample *_ channel"], outputs: Float[np.ndarray, "sample *grid output"]
) -> Float[np.ndarray, "sample *grid channels"]:
    """Join inputs, at the points of the outputs' grid, and outputs as channels."""
    stride = (inputs.shape[1] - 1) // (outputs.shape[1] - 1)
    every = [slice(None, None, stride)] * (outputs.ndim - 2)
    return np.concatenate([inputs[:, *every], outputs], axis=-1)


def kept(samples: Samples) -> Samples:
    """Read samples once and keep them in memory.

    Raises:
        InputError: as for reading from `stored`.
    """
    shapes = samples.inputs_shape, (*samples.grid.shape, samples.outputs)
    inputs, outputs = (np.empty((samples.count, *shape), np.float32) for shape in shapes)
    for block in progress(samples.blocks, f"read {samples.path.name}", unit="block"):
        inputs[block], outputs[block] = samples.read(block)
    return dataclasses.replace(samples, read=lambda chosen: (inputs[chosen], outputs[chosen]))
