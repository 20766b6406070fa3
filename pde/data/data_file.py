"""Samples on a grid; their fields are read on demand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pde.data.readers.contents import Field, Selection
from pde.grids.grid import Grid
from pde.system.errors import InputError, suggestion

BLOCK_BYTES = 2**24
"""Largest size of one field of the samples that are read at once."""
_ZERO, _ROUGHLY_ZERO = 1e-3, 0.5  # smaller border values, relative to the largest value, count as zero


@dataclass(frozen=True)
class DataFile:
    """A data file whose shapes and coordinates have been checked; fields are read on demand."""

    path: Path
    format: str
    inputs: tuple[str, ...]
    samples: int
    grid: Grid
    attributes: Mapping[str, Any]
    fields: Mapping[str, Field]

    @property
    def sampled(self) -> list[str]:
        """Names of all data sets with a value at each point of each sample."""
        return sorted(name for name, field in self.fields.items() if field.shape == self._shape)

    def with_inputs(self, inputs: tuple[str, ...]) -> "DataFile":
        """Return the same samples with other input channels; without names, with the present ones.

        Raises:
            InputError: a name that is not a field of the samples.
        """
        for name in inputs:
            find_field(self.fields, self.path, name, self._shape)
        return self._changed(inputs=inputs or self.inputs)

    def first(self, samples: int | None) -> "DataFile":
        """Keep only the first samples; None keeps all.

        Raises:
            InputError: fewer than one or more than there are.
        """
        if samples is not None and not 1 <= samples <= self.samples:
            raise InputError(
                f"{self.path} has {self.samples} samples; --train-samples {samples} must be 1 to that number"
            )
        return self._changed(samples=samples or self.samples)

    @property
    def _shape(self) -> tuple[int, ...]:
        """The shape of a field as it is stored, which `first` does not change."""
        return self.fields[self.inputs[0]].shape

    def _changed(self, **changes: Any) -> "DataFile":
        """Return a `DataFile` with some fields replaced, even if a subclass's constructor takes other
        arguments."""
        return DataFile(**{**vars(self), **changes})

    def stride_to(self, resolution: int) -> int:
        """The stride that leads to a resolution (`Grid.stride_to`).

        Raises:
            InputError: no stride does; the message names the possible resolutions.
        """
        try:
            return self.grid.stride_to(resolution)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error

    def read_inputs(
        self, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, "sample *grid channel"]:
        """The input fields, one channel each.

        Raises:
            InputError: a value that is not finite, or data that cannot be read.
        """
        return np.stack([self.read(name, samples, stride) for name in self.inputs], axis=-1)

    def read_solution(
        self, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, "sample *grid 1"]:
        """The solution, with a channel axis.

        Raises:
            InputError: no solution, a value that is not finite, a sample that `check_solution` refuses, or data
                that cannot be read.
        """
        solution = self.read("solution", samples, stride)
        self.check_solution(solution, samples, stride)
        return solution[..., None]

    def check_solution(
        self, solution: Float[np.ndarray, " sample *grid"], samples: Selection, stride: int
    ) -> None:
        """Check solutions of some samples on a stride of the grid.

        Raises:
            InputError: a sample that is zero everywhere (relative errors would divide by zero) or is not zero on
                the border although the grid says so. Where all four borders hold points, a thousandth of the
                largest value counts as zero. Where only some do, anything below half of it counts: on the 16 x 16
                set of neuraloperator the first row and column have up to 0.42 of it.
        """
        zero = np.flatnonzero(~solution.reshape(len(solution), -1).any(axis=1))
        if zero.size:
            raise InputError(
                f"{self.path}: solution {self._number(samples, zero[0])} is zero everywhere, so relative errors "
                "are undefined; remove it"
            )
        grid = self.grid.strided(stride)
        if grid.boundary == "zero" and grid.holds_borders.any():
            self._check_border(solution, samples, grid)

    def _check_border(self, solution: Float[np.ndarray, " sample *grid"], samples: Selection, grid: Grid) -> None:
        magnitude = np.abs(solution)
        borders = (magnitude.take(end, axis) for axis in range(1, magnitude.ndim) for end in (0, -1))
        of_samples = (border.reshape(len(border), -1).max(axis=1) for border in borders)
        held = [each for each, holds in zip(of_samples, grid.holds_borders.ravel(), strict=True) if holds]
        border, zero = np.max(held, axis=0), _ZERO if grid.on_nodes else _ROUGHLY_ZERO
        bad = np.flatnonzero(border > zero * magnitude.reshape(len(magnitude), -1).max(axis=1))
        if bad.size:
            raise InputError(
                f"{self.path}: solution {self._number(samples, bad[0])} is {border[bad[0]]:.3g} on the border, "
                "where boundary zero says that it vanishes; leave --boundary zero out, or set the attribute "
                "boundary of the file to unknown"
            )

    def read_residual(self) -> Float[np.ndarray, " sample"] | None:
        """The relative residual that the solver attained on each sample; None if the file does not say.

        Raises:
            InputError: data that cannot be read.
        """
        found = self.fields.get("residual")
        if found is None or found.shape != self._shape[:1]:
            return None  # in a file from elsewhere the name may mean anything
        return np.asarray(found[: self.samples], np.float64)

    def read(
        self, name: str, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, " sample *grid"]:
        """One field.

        Raises:
            InputError: no such field, a value that is not finite, or data that cannot be read.
        """
        count = len(range(self.samples)[samples]) if isinstance(samples, slice) else len(samples)
        fields = np.empty((count, *self.grid.strided(stride).shape), np.float32)
        data, done = find_field(self.fields, self.path, name), 0
        # Whole samples are read in blocks and strided in memory: HDF5's own strided reads go element by element.
        for block in self.pieces(samples):
            found = data[block][:, *self.grid.every(stride)]
            with np.errstate(over="ignore"):  # infinity is refused below
                fields[done : done + len(found)] = found
            done += len(found)
        bad = np.flatnonzero(~np.isfinite(fields).reshape(len(fields), -1).all(axis=1))
        if bad.size:
            raise InputError(
                f"{self.path}: {name} {self._number(samples, bad[0])} holds NaN or infinity, or a value too "
                "large for float32; mend or remove that sample"
            )
        return fields

    def blocks(self, samples: slice = slice(None)) -> list[slice]:
        """Split samples into slices small enough that a field fits into memory, on any grid."""
        start, stop, _ = samples.indices(self.samples)
        return [slice(first, min(first + self._block, stop)) for first in range(start, stop, self._block)]

    def pieces(self, samples: Selection) -> Sequence[Selection]:
        """Split any selection of samples into pieces small enough that a field fits into memory."""
        if isinstance(samples, slice):
            return self.blocks(samples)
        return [samples[first : first + self._block] for first in range(0, len(samples), self._block)]

    @property
    def _block(self) -> int:
        return max(1, BLOCK_BYTES // (4 * math.prod(self.grid.shape)))

    def _number(self, samples: Selection, index: np.integer) -> int:
        """Return the number in the file of the sample at position `index` of a selection."""
        return int(np.arange(self.samples)[samples][index])


def find_field(fields: Mapping[str, Field], path: Path, name: str, shape: tuple[int, ...] | None = None) -> Field:
    """Return a field by its name after checking that it holds numbers and has the given shape, if any.

    Raises:
        InputError: no such field, or one of another type or shape.
    """
    if name not in fields:
        there = ", ".join(sorted(fields)) or "none"
        hint = suggestion(name, fields) or "; it must be there"
        if name == "solution":
            hint = "; give the data set of the solution that name"
        raise InputError(f"{path}: no data set {name!r}{hint} (there are: {there})")
    found = fields[name]
    if found.dtype.kind not in "fiub":
        raise InputError(f"{path}: {name} has type {found.dtype}; it must be numbers")
    if shape is not None and found.shape != shape:
        raise InputError(f"{path}: {name} has shape {found.shape}; it must be {shape}")
    return found
