"""Samples on a grid: our HDF5 store, and every format that `pde.data.readers` knows, read as the same object.

Our file holds contiguous data sets of the inputs, such as `coefficient`, and of the outputs, such as `solution`,
all (N, *grid) float32 on one to three axes, and the coordinates `x`, `y` and `z`, (points,) of each axis that
there is, in any length unit, increasing. An input (N,) is a number for each sample, constant in space. The
attributes `inputs` and `outputs` list the names of the fields; there may be more data sets of that shape. In a
file without these attributes, such as one of manojax 0.1.0, the input is `coefficient`, or else `source`, and the
output is `solution`. Attributes that may be there, as far as they are known:

- `domain`: both ends of each axis, x0, x1 and so on.
- `periodic`: the names of the periodic axes. The point at the end of such an axis, which is the one at its
  beginning, is left out.
- `boundary`: the borders of the outputs (`pde.grids.outputs.Borders`), as one word, such as "zero", or as JSON.
- `vectors`, as JSON, and `pseudoscalars`, a list of names: the kinds of the fields (`pde.grids.kinds.Kinds`).

Other attributes record the origin of the data. Where a solver made the outputs, `residual` (N,) float64 is the
relative residual that each sample attained. A file from elsewhere that has inputs, outputs and coordinates works,
on any grid. HDF5 is read on demand; arrays of other formats are read whole when the file is opened, and kept in
memory.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pde.data import readers
from pde.data.data_file import DataFile, find_field, find_input
from pde.data.readers.contents import Contents
from pde.grids.grid import AXES, Grid, ends_named
from pde.grids.kinds import Kinds
from pde.grids.outputs import Borders, outputs_of
from pde.system.errors import InputError

_NUMBERS = {1: "two", 2: "four", 3: "six"}
"""Numbers that give a domain, by its axes."""
_CUSTOMARY = ("coefficient", "source")
"""The input of a file that does not list its inputs: the first of these data sets that it has."""
DECLARED = ("inputs", "outputs", "boundary", "domain", "periodic", "vectors", "pseudoscalars")
"""Attributes that say what the fields are, not where they come from."""


def open(
    path: str | Path,
    *,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    boundary: Borders | None = None,
    domain: tuple[float, ...] | None = None,
    periodic: tuple[str, ...] = (),
) -> DataFile:
    """Open a data file, checking all but the values.

    Args:
        path: the file, of any format in `pde.data.readers`.
        inputs: names of the input data sets, one channel each; by default those that the file lists.
        outputs: names of the output data sets; by default those that the file lists.
        boundary: the borders of the outputs, for a file that does not say.
        domain: both ends of each axis, x0, x1, y0, y1, for a file that does not say.
        periodic: names of the periodic axes, for a file that does not say.

    Raises:
        InputError: the file does not exist, is truncated or has an unknown format; a data set is missing or has
            the wrong shape or type; coordinates do not increase; or `boundary` or `domain` contradicts the file's
            own.
    """
    path = Path(path)
    said = {"boundary": boundary, "domain": domain, "periodic": periodic}
    return from_contents(path, readers.read(path), inputs=inputs, outputs=outputs, **said)


def opened(data: str | Path | DataFile, inputs: tuple[str, ...], outputs: tuple[str, ...] = ()) -> DataFile:
    """Return a data set, or open a file, with these inputs and outputs.

    Raises:
        InputError: as for `open`, or the data set lacks one of them.
    """
    found = data if isinstance(data, DataFile) else open(data, inputs=inputs, outputs=outputs)
    return found.with_fields(inputs, outputs)


def from_contents(
    path: Path,
    contents: Contents,
    *,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    boundary: Borders | None = None,
    domain: tuple[float, ...] | None = None,
    periodic: tuple[str, ...] = (),
) -> DataFile:
    """Check the contents that a reader found and make a data file of them; other arguments are as for `open`.

    Raises:
        InputError: as for `open`.
    """
    fields, attributes = contents.fields, contents.attributes
    listed = _names(attributes, "outputs", path) or ("solution",)
    outputs = outputs or listed
    inputs = inputs or _inputs(contents, outputs, path)
    for flag, names, others in (("inputs", inputs, outputs), ("outputs", outputs, ())):
        if len(set(names)) < len(names) or {*others, *AXES} & set(names):
            wanted = "one or more different data sets" + (", no output among them" if others else "")
            raise InputError(f"{path}: --{flag} {' '.join(names)}: name {wanted}")
    field = max(inputs, key=lambda name: len(find_field(fields, path, name).shape))
    shape = fields[field].shape
    names = _axes(contents, path, field, shape)
    if shape[0] < 1:
        raise InputError(f"{path} holds no samples ({field} has shape {shape}); give a file that has some")
    for name in inputs:
        find_input(fields, path, name, shape)
    for name in (name for name in outputs if name in fields):
        if _has_channels(fields[name].shape, shape):
            raise InputError(
                f"{path}: {name} has shape {fields[name].shape}; an output must be {shape}, so give each channel "
                "a data set of its own, and name them all by --outputs"
            )
        find_field(fields, path, name, shape)
    axes = tuple(
        np.asarray(find_field(fields, path, name, (length,))[:], np.float64)
        for name, length in zip(names, shape[1:], strict=True)
    )
    said_domain = _agreed(path, "domain", attributes.get("domain"), domain)
    if said_domain is not None and (
        np.shape(said_domain) != (2 * len(axes),) or np.asarray(said_domain).dtype.kind not in "fi"
    ):
        raise InputError(
            f"{path}: its domain is {said_domain!r}; it must be {_NUMBERS[len(axes)]} numbers "
            f"{ends_named(len(axes))}"
        )
    said_boundary = _agreed(path, "boundary", _plain_or_json(attributes, "boundary", path), boundary)
    listed_axes = _names(attributes, "periodic", path, "axes")
    said_periodic = _agreed(path, "periodic", listed_axes or None, periodic or None)
    kinds = _kinds(attributes, path)
    try:
        grid = Grid(axes, domain=said_domain, periodic=said_periodic or ())
        names_of_all = tuple(dict.fromkeys((*listed, *outputs)))
        every = outputs_of(names_of_all, said_boundary or "unknown", len(axes), grid.rings)
        declared = tuple(next(each for each in every if each.name == name) for name in outputs)
        if grid.domain is None and any(set(each.borders) != {"unknown"} for each in declared):
            ends = ends_named(len(axes))
            raise InputError(f"boundary zero needs the domain as well: where the border lies ({ends})")
        kinds.check(inputs, outputs, len(axes))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return DataFile(path, contents.format, inputs, declared, kinds, shape[0], grid, attributes, fields)


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


def _inputs(contents: Contents, outputs: tuple[str, ...], path: Path) -> tuple[str, ...]:
    """Names of the inputs of a file, from its attribute or else from the customary names."""
    listed = _names(contents.attributes, "inputs", path)
    if listed and set(listed) <= contents.fields.keys():
        return listed
    found = next((name for name in _CUSTOMARY if name in contents.fields.keys() - set(outputs)), None)
    if found is None:
        there, names = ", ".join(sorted(contents.fields)) or "none", " or ".join(map(repr, _CUSTOMARY))
        raise InputError(f"{path}: no data set {names}; name its inputs by --inputs (there are: {there})")
    return (found,)


def _names(attributes: Mapping[str, Any], attribute: str, path: Path, kind: str = "data sets") -> tuple[str, ...]:
    """Return the names of data sets, or of another kind, that an attribute lists; none without it."""
    listed = attributes.get(attribute, ())
    listed = (listed,) if isinstance(listed, str) else listed
    if not isinstance(listed, tuple) or not all(isinstance(name, str) for name in listed):
        raise InputError(f"{path}: its attribute {attribute} is {listed!r}; it must list names of {kind}")
    return listed


def _plain_or_json(attributes: Mapping[str, Any], name: str, path: Path) -> Any:
    """Return an attribute, read as JSON where it is a list or a mapping."""
    said = attributes.get(name)
    if not isinstance(said, str) or said[:1] not in ("{", "["):
        return said
    try:
        return json.loads(said)
    except ValueError as error:
        raise InputError(f"{path}: its attribute {name} is {said!r}, which is no JSON; mend it") from error


def _kinds(attributes: Mapping[str, Any], path: Path) -> Kinds:
    """Return the kinds of fields that a file declares."""
    vectors = _plain_or_json(attributes, "vectors", path) or ()
    if not isinstance(vectors, Sequence) or not all(
        isinstance(vector, list | tuple) and vector and all(isinstance(name, str) for name in vector)
        for vector in vectors
    ):
        raise InputError(
            f"{path}: its vectors are {vectors!r}; they must be lists of names in JSON, such as "
            '[["velocity-x", "velocity-y"]]'
        )
    return Kinds(tuple(map(tuple, vectors)), _names(attributes, "pseudoscalars", path))


def _agreed(path: Path, name: str, in_file: Any, given: Any) -> Any:
    """Return the value in the file, or else the given one; they must not contradict each other."""
    if in_file in (None, "unknown") or given in (None, in_file):
        return in_file if given is None else given
    raise InputError(f"{path}: its {name} is {in_file}, not {given}; leave --{name} out")
