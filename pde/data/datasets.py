"""Samples on a grid: our HDF5 store, and every format that `pde.data.readers` knows, read as the same object.

Our file holds contiguous data sets of the inputs, such as `coefficient`, and of the `solution`, all (N, height,
width) float32, and the coordinates `x` (height,) and `y` (width,) in any length unit, increasing. The names of the
inputs tell the equation (`pde.equations.registry`); there may be more data sets of that shape. Attributes say
where the data come from and, where it is known, `boundary` ("zero": the solution vanishes on the border of the
domain) and `domain` (x0, x1, y0, y1). Where a solver made the solution, `residual` (N,) float64 is the relative
residual that each sample attained. A file from elsewhere that has inputs, solution, x and y works, whatever its
grid. HDF5 is read as it is asked for; the arrays of other formats are read whole when the file is opened, and
kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float

from pde.data import readers
from pde.data.readers.contents import Contents, Field, Selection
from pde.equations.equation import Equation
from pde.equations.registry import EQUATIONS, known_by
from pde.grids.grid import Boundary, Grid
from pde.system.errors import InputError, suggestion

_BLOCK_BYTES = 2**24
_ZERO = 1e-3  # of the largest value: less counts as zero on the border


@contextmanager
def create(
    path: Path,
    grid: Grid,
    samples: int,
    attributes: Mapping[str, Any],
    names: tuple[str, ...],
    *,
    residual: bool = False,
    double: tuple[str, ...] = (),
) -> Iterator[dict[str, h5py.Dataset]]:
    """A new file with empty data sets of these names on a grid, open for writing; `residual` begins as NaN.

    They are float32, those named in `double` float64.

    Its layout is on disk before it is handed out, space for all values included: what is written later is values
    alone, so a file whose writer is killed can be opened, and its bytes depend on the values and attributes alone.
    """
    with h5py.File(path, "w") as file:
        stored = {
            name: _reserve(file, name, (samples, *grid.shape), np.float64 if name in double else np.float32)
            for name in names
        }
        if residual:
            stored["residual"] = _reserve(file, "residual", (samples,), np.float64, fillvalue=np.nan)
        file["x"], file["y"] = grid.x, grid.y
        file.attrs["boundary"] = grid.boundary
        if grid.domain is not None:
            file.attrs["domain"] = grid.domain
        file.attrs.update(sorted(attributes.items()))
        file.flush()
        yield stored


@dataclass(frozen=True)
class DataFile:
    """A data file whose shapes and coordinates have been checked; fields are read when asked for."""

    path: Path
    format: str
    inputs: tuple[str, ...]
    samples: int
    grid: Grid
    attributes: Mapping[str, Any]
    fields: Mapping[str, Field]

    @property
    def equation(self) -> Equation | None:
        """The equation whose inputs the file holds; None where it is none that is known."""
        return known_by(self.fields)

    @property
    def sampled(self) -> list[str]:
        """Names of all data sets with a value at each point of each sample."""
        shape = (self.samples, *self.grid.shape)
        return sorted(name for name, field in self.fields.items() if field.shape == shape)

    def stride_to(self, resolution: int) -> int:
        """The stride that leads to a resolution (`Grid.stride_to`).

        Raises:
            InputError: no stride does; the message names those that can be had.
        """
        try:
            return self.grid.stride_to(resolution)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error

    def read_inputs(
        self, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, "sample height width channel"]:
        """The input fields, one channel each.

        Raises:
            InputError: a value that is not finite, or data that cannot be read.
        """
        return np.stack([self.read(name, samples, stride) for name in self.inputs], axis=-1)

    def read_solution(
        self, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, "sample height width 1"]:
        """The solution, with a channel axis.

        Raises:
            InputError: no solution, a value that is not finite, a sample that is zero everywhere (relative errors
                would divide by zero) or is not zero on the border where the grid says so, or data that cannot be
                read.
        """
        solution = self.read("solution", samples, stride)
        zero = np.flatnonzero(~solution.any(axis=(1, 2)))
        if zero.size:
            raise InputError(
                f"{self.path}: solution {self._number(samples, zero[0])} is zero everywhere, so relative errors "
                "do not exist; remove it"
            )
        grid = self.grid.strided(stride)
        if grid.boundary == "zero" and grid.on_nodes:
            self._check_border(solution, samples)
        return solution[..., None]

    def _check_border(self, solution: Float[np.ndarray, "sample height width"], samples: Selection) -> None:
        magnitude = np.abs(solution)
        border = np.maximum(magnitude[:, [0, -1]].max(axis=(1, 2)), magnitude[:, :, [0, -1]].max(axis=(1, 2)))
        bad = np.flatnonzero(border > _ZERO * magnitude.max(axis=(1, 2)))
        if bad.size:
            raise InputError(
                f"{self.path}: solution {self._number(samples, bad[0])} is {border[bad[0]]:.3g} on the border, "
                "where boundary zero says that it vanishes; leave --boundary zero out, or set the attribute "
                "boundary of the file to unknown"
            )

    def read_residual(self) -> Float[np.ndarray, " sample"] | None:
        """The relative residual that the solver attained on each sample; None where the file does not say.

        Raises:
            InputError: data that cannot be read.
        """
        found = self.fields.get("residual")
        if found is None or found.shape != (self.samples,):
            return None  # in a file from elsewhere the name may mean anything
        return np.asarray(found[:], np.float64)

    def read(
        self, name: str, samples: Selection = slice(None), stride: int = 1
    ) -> Float[np.ndarray, "sample height width"]:
        """One field.

        Raises:
            InputError: no such field, a value that is not finite, or data that cannot be read.
        """
        count = len(range(self.samples)[samples]) if isinstance(samples, slice) else len(samples)
        fields = np.empty((count, *self.grid.strided(stride).shape), np.float32)
        data, done = _field(self.fields, self.path, name), 0
        # Whole samples in blocks, strided in memory: HDF5 reads element by element where it strides itself.
        for block in self.pieces(samples):
            found = data[block][:, ::stride, ::stride]
            with np.errstate(over="ignore"):  # infinity is refused below
                fields[done : done + len(found)] = found
            done += len(found)
        bad = np.flatnonzero(~np.isfinite(fields).all(axis=(1, 2)))
        if bad.size:
            raise InputError(
                f"{self.path}: {name} {self._number(samples, bad[0])} holds NaN or infinity, or a value too "
                "large for float32; mend or remove that sample"
            )
        return fields

    def blocks(self, samples: slice = slice(None)) -> list[slice]:
        """Samples in slices of which a field fits into memory, whatever the grid."""
        start, stop, _ = samples.indices(self.samples)
        return [slice(first, min(first + self._block, stop)) for first in range(start, stop, self._block)]

    def pieces(self, samples: Selection) -> Sequence[Selection]:
        """Any samples in pieces of which a field fits into memory."""
        if isinstance(samples, slice):
            return self.blocks(samples)
        return [samples[first : first + self._block] for first in range(0, len(samples), self._block)]

    @property
    def _block(self) -> int:
        return max(1, _BLOCK_BYTES // (4 * self.grid.shape[0] * self.grid.shape[1]))

    def _number(self, samples: Selection, index: np.integer) -> int:
        """The number in the file of the sample at this place of a selection."""
        return int(np.arange(self.samples)[samples][index])


def open(
    path: str | Path,
    *,
    inputs: tuple[str, ...] = (),
    boundary: Boundary | None = None,
    domain: tuple[float, float, float, float] | None = None,
) -> DataFile:
    """Open a data file, checking all but the values.

    Args:
        path: the file, of any format in `pde.data.readers`.
        inputs: names of the input data sets, one channel each; by default those of the file's equation.
        boundary: what is known of the border, for a file that does not say.
        domain: x0, x1, y0, y1, for a file that does not say.

    Raises:
        InputError: no file, no format that is read, truncated, a data set missing or of another shape or type,
            coordinates that do not increase, or a `boundary` or `domain` that contradicts the file's own.
    """
    path = Path(path)
    return from_contents(path, readers.read(path), inputs=inputs, boundary=boundary, domain=domain)


def opened(data: str | Path | DataFile, inputs: tuple[str, ...]) -> DataFile:
    """Return a data set as it is, or open a file with these inputs.

    Raises:
        InputError: as for `open`.
    """
    return data if isinstance(data, DataFile) else open(data, inputs=inputs)


def from_contents(
    path: Path,
    contents: Contents,
    *,
    inputs: tuple[str, ...] = (),
    boundary: Boundary | None = None,
    domain: tuple[float, float, float, float] | None = None,
) -> DataFile:
    """Check what a reader has found, and make a data file of it; the arguments are those of `open`.

    Raises:
        InputError: as for `open`.
    """
    if len(set(inputs)) < len(inputs) or {"solution", "x", "y"} & set(inputs):
        raise InputError(
            f"--inputs {' '.join(inputs)}: name one or more different data sets, the solution not among them"
        )
    fields, attributes = contents.fields, contents.attributes
    inputs = inputs or _inputs(fields, path)
    first = _field(fields, path, inputs[0])
    if len(first.shape) != 3:
        raise InputError(
            f"{path}: {inputs[0]} has shape {first.shape}; it must be (samples, height, width): "
            "two space dimensions and one value a point are supported so far"
        )
    if first.shape[0] < 1:
        raise InputError(
            f"{path} holds no samples ({inputs[0]} has shape {first.shape}); give a file that has some"
        )
    if "solution" in fields and fields["solution"].shape[:3] == first.shape and len(fields["solution"].shape) > 3:
        raise InputError(
            f"{path}: solution has shape {fields['solution'].shape}; one output field is supported so far, so it "
            f"must be {first.shape}"
        )
    for name in (*inputs[1:], *({"solution"} & fields.keys())):
        _field(fields, path, name, first.shape)
    x, y = (
        np.asarray(_field(fields, path, name, (length,))[:], np.float64)
        for name, length in zip(("x", "y"), first.shape[1:], strict=True)
    )
    said_boundary = _agreed(path, "boundary", attributes.get("boundary"), boundary)
    said_domain = _agreed(path, "domain", attributes.get("domain"), domain)
    if said_boundary not in (None, "zero", "unknown"):
        raise InputError(f"{path}: attribute boundary is {said_boundary!r}; it must be 'zero' or 'unknown'")
    if said_domain is not None and (
        np.shape(said_domain) != (4,) or np.asarray(said_domain).dtype.kind not in "fi"
    ):
        raise InputError(f"{path}: attribute domain is {said_domain!r}; it must be four numbers x0 x1 y0 y1")
    try:
        grid = Grid(x, y, said_boundary or "unknown", said_domain)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return DataFile(path, contents.format, inputs, first.shape[0], grid, attributes, fields)


def first_samples(data: DataFile, samples: int | None) -> DataFile:
    """The file cut to its first samples; None keeps all.

    Raises:
        InputError: fewer than one or more than there are.
    """
    if samples is None:
        return data
    if not 1 <= samples <= data.samples:
        raise InputError(f"{data.path} has {data.samples} samples; --train-samples {samples} must be 1 to that")
    return DataFile(**{**vars(data), "samples": samples})


def _reserve(file: h5py.File, name: str, shape: tuple[int, ...], dtype: type, **options: Any) -> h5py.Dataset:
    """A contiguous data set whose space is set aside at once."""
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return file.create_dataset(name, shape, dtype, dcpl=early, **options)


def _inputs(fields: Mapping[str, Field], path: Path) -> tuple[str, ...]:
    """Names of the inputs of the equation that the file belongs to."""
    equation = known_by(fields)
    if equation is None:
        known = ", ".join(f"{' and '.join(map(repr, each.inputs))} ({name})" for name, each in EQUATIONS.items())
        there = ", ".join(sorted(fields)) or "none"
        raise InputError(f"{path}: no data set {known}; inputs of an equation must be there (there are: {there})")
    return equation.inputs


def _field(fields: Mapping[str, Field], path: Path, name: str, shape: tuple[int, ...] | None = None) -> Field:
    if name not in fields:
        there = ", ".join(sorted(fields)) or "none"
        hint = suggestion(name, fields) or "; it must be there"
        raise InputError(f"{path}: no data set {name!r}{hint} (there are: {there})")
    found = fields[name]
    if found.dtype.kind not in "fiub":
        raise InputError(f"{path}: {name} has type {found.dtype}; it must be numbers")
    if shape is not None and found.shape != shape:
        raise InputError(f"{path}: {name} has shape {found.shape}; it must be {shape}")
    return found


def _agreed(path: Path, name: str, in_file: Any, given: Any) -> Any:
    """The value in the file or else that of the flag; they must not contradict each other."""
    if in_file in (None, "unknown") or given in (None, in_file):
        return in_file if given is None else given
    raise InputError(f"{path}: its {name} is {in_file}, not {given}; leave --{name} out")
