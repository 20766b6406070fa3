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
from pde.grids.kinds import Kinds
from pde.grids.outputs import Output, WithOutputs
from pde.system.errors import InputError, suggestion

BLOCK_BYTES = 2**24
"""Largest size of one field of the samples that are read at once."""
_ZERO, _ROUGHLY_ZERO = 1e-3, 0.5  # smaller border values, relative to the largest value, count as zero


@dataclass(frozen=True)
class DataFile(WithOutputs):
    """A data file whose shapes and coordinates have been checked; fields are read on demand."""

    path: Path
    format: str
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    kinds: Kinds
    samples: int
    grid: Grid
    attributes: Mapping[str, Any]
    fields: Mapping[str, Field]

    @property
    def sampled(self) -> list[str]:
        """Names of all data sets with a value at each point of each sample."""
        return sorted(name for name, field in self.fields.items() if field.shape == self._shape)

    def with_fields(self, inputs: tuple[str, ...], outputs: tuple[str, ...] = ()) -> "DataFile":
        """Return the same samples with other input and output channels; without names, with the present ones.

        Raises:
            InputError: an input that is not a field of the samples, an output that is not one of them, or some
                components of a vector without the others.
        """
        inputs, outputs = inputs or self.inputs, outputs or self.output_names
        for name in inputs:
            find_input(self.fields, self.path, name, self._shape)
        known = {output.name: output for output in self.outputs}
        for name in outputs:
            if name not in known:
                there = ", ".join(known)
                raise InputError(
                    f"{self.path}: {name!r} is no output{suggestion(name, known)} (there are: {there})"
                )
        try:
            self.kinds.check(inputs, outputs, len(self.grid.axes))
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error
        return self._changed(inputs=inputs, outputs=tuple(known[name] for name in outputs))

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
        return max((self.fields[name].shape for name in self.inputs), key=len)

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

    def read_outputs(
        self, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, "sample *grid output"]:
        """The output fields, one channel each.

        Raises:
            InputError: a missing output, a value that is not finite, a sample that `check_outputs` refuses, or
                data that cannot be read.
        """
        found = np.stack([self.read(name, samples, stride) for name in self.output_names], axis=-1)
        self.check_outputs(found, samples, stride)
        return found

    def check_outputs(
        self, outputs: Float[np.ndarray, "sample *grid output"], samples: Selection, stride: int
    ) -> None:
        """Check outputs of some samples on a stride of the grid.

        Raises:
            InputError: a sample in which an output, or a whole vector, is zero everywhere (relative errors would
                divide by zero), or an output that is not zero on a border where the file says that it vanishes.
                Where both ends of all axes hold points, a thousandth of the largest value counts as zero. Where
                only some do, anything below half of it counts: on the 16 x 16 set of neuraloperator the first row
                and column have up to 0.42 of it.
        """
        for quantity in self.quantities:
            values = outputs[..., list(quantity.channels)]
            zero = np.flatnonzero(~values.reshape(len(values), -1).any(axis=1))
            if zero.size:
                number = self._number(samples, zero[0])
                raise InputError(
                    f"{self.path}: {quantity.name} {number} is zero everywhere, so relative errors are undefined; "
                    "remove it"
                )
        grid = self.grid.strided(stride)
        for channel, output in enumerate(self.outputs):
            self._check_border(outputs[..., channel], output, samples, grid)

    def _check_border(
        self, field: Float[np.ndarray, " sample *grid"], output: Output, samples: Selection, grid: Grid
    ) -> None:
        magnitude = np.abs(field)
        held = [
            magnitude.take(end, 1 + axis).reshape(len(magnitude), -1).max(axis=1)
            for axis, border in enumerate(output.borders)
            for end, holds in zip((0, -1), grid.holds_borders[axis], strict=True)
            if holds and border == "zero"
        ]
        if not held:
            return
        border, zero = np.max(held, axis=0), _ZERO if grid.on_nodes else _ROUGHLY_ZERO
        bad = np.flatnonzero(border > zero * magnitude.reshape(len(magnitude), -1).max(axis=1))
        if bad.size:
            number = self._number(samples, bad[0])
            raise InputError(
                f"{self.path}: {output.name} {number} is {border[bad[0]]:.3g} on the border, "
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

    @property
    def complete(self) -> bool:
        """True unless the writing of the file was broken off."""
        written = self.fields.get("written")
        if written is not None and written.shape == (1,):
            return int(written[:][0]) == self.samples
        residual = self.read_residual()  # which stood for it in version 0.1.0
        return residual is None or not np.isnan(residual).any()

    def read(
        self, name: str, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, " sample *grid"]:
        """One field; a number for each sample is spread over the grid.

        Raises:
            InputError: no such field, a value that is not finite, or data that cannot be read.
        """
        count = len(range(self.samples)[samples]) if isinstance(samples, slice) else len(samples)
        fields = np.empty((count, *self.grid.strided(stride).shape), np.float32)
        data, done = find_field(self.fields, self.path, name), 0
        constant = len(data.shape) == 1
        # Whole samples are read in blocks and strided in memory: HDF5's own strided reads go element by element.
        for block in self.pieces(samples):
            found = data[block]
            found = (
                found.reshape(-1, *[1] * len(self.grid.axes)) if constant else found[:, *self.grid.every(stride)]
            )
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


def find_input(fields: Mapping[str, Field], path: Path, name: str, shape: tuple[int, ...]) -> None:
    """Check that a field of this name can be an input: it has the given shape, or is a number for each sample.

    Raises:
        InputError: as for `find_field`.
    """
    if find_field(fields, path, name).shape != shape[:1]:
        find_field(fields, path, name, shape)
