"""Arrays in memory as a data set that trains and evaluates like a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.data.data_file import DataFile
from pde.data.datasets import from_contents
from pde.data.readers.contents import Contents
from pde.grids.outputs import Borders
from pde.system.errors import InputError

_NAME = Path("arrays")
"""Name of the arrays in messages and runs, in place of a file."""


class Dataset(DataFile):
    """Samples in memory: `pde.Dataset(coefficient=a, solution=u, x=x, y=y)`.

    Several outputs stand in the place of the solution: `outputs={"pressure": p, "flux-x": q, "flux-y": r}`.

    Args:
        x: coordinates of the first axis of a field, (points,), in any unit of length, increasing.
        y: coordinates of the second axis, in the same unit; None if fields have one axis.
        z: coordinates of the third axis; None if fields have fewer.
        solution: the solutions, (samples, *grid); not needed for prediction.
        outputs: the output fields by name, each (samples, *grid), in the place of the solution.
        boundary: the border of the outputs: "zero" if all vanish on the border of the domain, or the borders of
            each by its name, one for all axes or one an axis, such as {"pressure": "zero", "velocity-x":
            ("unknown", "zero")}.
        domain: both ends of each axis of the domain: x0, x1, y0, y1.
        periodic: names of the periodic axes, such as ("x", "y"); their points go once around, without the one at
            the end.
        vectors: names of the components of each vector among inputs and outputs, along x, y and z.
        pseudoscalars: names of fields that change their sign in a mirror, such as the vorticity in the plane.
        inputs: the input fields by name, all of them shown to a model, each (samples, *grid), or (samples,) with a
            number for each sample.

    Raises:
        InputError: no input, arrays that are not numbers or have the wrong shape, coordinates that do not
            increase, complex numbers, or a border or vector that does not fit the fields.
    """

    def __init__(
        self,
        *,
        x: Float[AnyArray, " _"],
        y: Float[AnyArray, " _"] | None = None,
        z: Float[AnyArray, " _"] | None = None,
        solution: Any = None,
        outputs: Mapping[str, Any] | None = None,
        boundary: Borders | None = None,
        domain: tuple[float, ...] | None = None,
        periodic: Sequence[str] = (),
        vectors: Sequence[Sequence[str]] = (),
        pseudoscalars: Sequence[str] = (),
        **inputs: Any,
    ):
        if not inputs:
            raise InputError("Dataset: there is no input; give at least one, such as coefficient=a")
        if outputs is not None and solution is not None:
            raise InputError("Dataset: give the solution among the outputs, or alone; not both")
        given = {"solution": solution} if outputs is None else dict(outputs)
        twice = inputs.keys() & given.keys()
        if twice:
            raise InputError(
                f"Dataset: {', '.join(sorted(twice))} is given as an input and as an output; rename one"
            )
        fields = {**inputs, **given, "x": x, "y": y, "z": z}
        arrays = {name: np.asarray(values) for name, values in fields.items() if values is not None}
        declared = {"outputs": tuple(given), "vectors": json.dumps(vectors), "pseudoscalars": tuple(pseudoscalars)}
        contents = Contents("arrays in memory", arrays, declared)
        said = {"boundary": boundary, "domain": domain, "periodic": tuple(periodic)}
        found = from_contents(_NAME, contents, inputs=tuple(inputs), **said)
        super().__init__(**vars(found))
