"""Samples on a grid: our HDF5 store, and every format that `pde.data.readers` knows, read as the same object.

Our file holds contiguous data sets of the inputs, such as `coefficient`, and of the `solution`, all (N, *grid)
float32 on one to three axes, and the coordinates `x`, `y` and `z`, (points,) of each axis that there is, in any
length unit, increasing. The attribute `inputs` lists the names of the inputs; there may be more data sets of that
shape. In a file without this attribute, such as one of manojax 0.1.0, the input is `coefficient`, or else
`source`. Other attributes record the origin of the data and, if known, `boundary` ("zero": the solution vanishes
on the border of the domain) and `domain` (x0, x1, and so on for each axis). Where a solver made the solution,
`residual` (N,) float64 is the relative residual that each sample attained. A file from elsewhere that has inputs,
solution and coordinates works, on any grid. HDF5 is read on demand; arrays of other formats are read whole when
the file is opened, and kept in memory.
"""

from pathlib import Path
from typing import Any

import numpy as np

from pde.data import readers
from pde.data.data_file import DataFile, find_field
from pde.data.readers.contents import Contents
from pde.grids.grid import AXES, Boundary, Grid, ends_named
from pde.system.errors import InputError

_NUMBERS = {1: "two", 2: "four", 3: "six"}
"""Numbers that give a domain, by its axes."""
_CUSTOMARY = ("coefficient", "source")
"""The input of a file that does not list its inputs: the first of these data sets that it has."""


def open(
    path: str | Path,
    *,
    inputs: tuple[str, ...] = (),
    boundary: Boundary | None = None,
    domain: tuple[float, ...] | None = None,
) -> DataFile:
    """Open a data file, checking all but the values.

    Args:
        path: the file, of any format in `pde.data.readers`.
        inputs: names of the input data sets, one channel each; by default those that the file lists.
        boundary: "zero" or "unknown", for a file that does not say.
        domain: both ends of each axis, x0, x1, y0, y1, for a file that does not say.

    Raises:
        InputError: the file does not exist, is truncated or has an unknown format; a data set is missing or has
            the wrong shape or type; coordinates do not increase; or `boundary` or `domain` contradicts the file's
            own.
    """
    path = Path(path)
    return from_contents(path, readers.read(path), inputs=inputs, boundary=boundary, domain=domain)


def opened(data: str | Path | DataFile, inputs: tuple[str, ...]) -> DataFile:
    """Return a data set, or open a file, with these inputs.

    Raises:
        InputError: as for `open`, or the data set lacks an input.
    """
    return data.with_inputs(inputs) if isinstance(data, DataFile) else open(data, inputs=inputs)


def from_contents(
    path: Path,
    contents: Contents,
    *,
    inputs: tuple[str, ...] = (),
    boundary: Boundary | None = None,
    domain: tuple[float, ...] | None = None,
) -> DataFile:
    """Check the contents that a reader found and make a data file of them; other arguments are as for `open`.

    Raises:
        InputError: as for `open`.
    """
    if len(set(inputs)) < len(inputs) or {"solution", "x", "y"} & set(inputs):
        raise InputError(
            f"--inputs {' '.join(inputs)}: name one or more different data sets, the solution not among them"
        )
    fields, attributes = contents.fields, contents.attributes
    inputs = inputs or _inputs(contents, path)
    first = find_field(fields, path, inputs[0])
    names = _axes(contents, path, inputs[0], first.shape)
    if first.shape[0] < 1:
        raise InputError(
            f"{path} holds no samples ({inputs[0]} has shape {first.shape}); give a file that has some"
        )
    if "solution" in fields and _has_channels(fields["solution"].shape, first.shape):
        raise InputError(
            f"{path}: solution has shape {fields['solution'].shape}; one output field is supported so far, so it "
            f"must be {first.shape}; keep one of them in the file"
        )
    for name in (*inputs[1:], *({"solution"} & fields.keys())):
        find_field(fields, path, name, first.shape)
    axes = tuple(
        np.asarray(find_field(fields, path, name, (length,))[:], np.float64)
        for name, length in zip(names, first.shape[1:], strict=True)
    )
    said_boundary = _agreed(path, "boundary", attributes.get("boundary"), boundary)
    said_domain = _agreed(path, "domain", attributes.get("domain"), domain)
    if said_boundary not in (None, "zero", "unknown"):
        raise InputError(f"{path}: attribute boundary is {said_boundary!r}; it must be 'zero' or 'unknown'")
    if said_domain is not None and (
        np.shape(said_domain) != (2 * len(axes),) or np.asarray(said_domain).dtype.kind not in "fi"
    ):
        raise InputError(
            f"{path}: its domain is {said_domain!r}; it must be {_NUMBERS[len(axes)]} numbers "
            f"{ends_named(len(axes))}"
        )
    try:
        grid = Grid(axes, boundary=said_boundary or "unknown", domain=said_domain)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return DataFile(path, contents.format, inputs, first.shape[0], grid, attributes, fields)


def _axes(contents: Contents, path: Path, name: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the names of the coordinates of a field of this name and shape.

    Raises:
        InputError: the field has no axes, more than three, or not as many as there are coordinates.
    """
    there = [axis for axis in AXES if axis in contents.fields and len(contents.fields[axis].shape) == 1]
    names = AXES[: len(shape) - 1]
    if not names or len(shape) > 1 + len(AXES) or (len(there) > 1 and len(there) != len(names)):
        raise InputError(
            f"{path}: {name} has shape {shape}; it must be (samples, {', '.join(there or AXES[:2])}), with one "
            "value a point and the coordinates of each axis; name other inputs by --inputs"
        )
    return names


def _has_channels(shape: tuple[int, ...], samples: tuple[int, ...]) -> bool:
    """Tell if a data set has the samples and points of another, and further axes."""
    return len(shape) > len(samples) and shape[: len(samples)] == samples


def _inputs(contents: Contents, path: Path) -> tuple[str, ...]:
    """Names of the inputs of a file, from its attribute or else from the customary names."""
    listed = contents.attributes.get("inputs")
    if isinstance(listed, tuple) and listed and set(listed) <= contents.fields.keys():
        return listed
    found = next((name for name in _CUSTOMARY if name in contents.fields), None)
    if found is None:
        there, names = ", ".join(sorted(contents.fields)) or "none", " or ".join(map(repr, _CUSTOMARY))
        raise InputError(f"{path}: no data set {names}; name its inputs by --inputs (there are: {there})")
    return (found,)


def _agreed(path: Path, name: str, in_file: Any, given: Any) -> Any:
    """Return the value in the file, or else the given one; they must not contradict each other."""
    if in_file in (None, "unknown") or given in (None, in_file):
        return in_file if given is None else given
    raise InputError(f"{path}: its {name} is {in_file}, not {given}; leave --{name} out")
