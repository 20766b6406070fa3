"""Arrays in memory as a data set that trains and evaluates like a file."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.data.data_file import DataFile
from pde.data.datasets import from_contents
from pde.data.readers.contents import Contents
from pde.grids.grid import Boundary
from pde.system.errors import InputError

_NAME = Path("arrays")
"""Name of the arrays in messages and runs, in place of a file."""


class Dataset(DataFile):
    """Samples in memory: `pde.Dataset(coefficient=a, solution=u, x=x, y=y)`.

    Args:
        x: coordinates of the first axis of a field, (points,), in any unit of length, increasing.
        y: coordinates of the second axis, in the same unit; None if fields have one axis.
        z: coordinates of the third axis; None if fields have fewer.
        solution: the solutions, (samples, *grid); not needed for prediction.
        boundary: "zero" if the solution vanishes on the border of the domain.
        domain: both ends of each axis of the domain: x0, x1, y0, y1.
        inputs: the input fields by name, each (samples, *grid), all of them shown to a model.

    Raises:
        InputError: no input, arrays that are not numbers or have the wrong shape, coordinates that do not
            increase, or complex numbers.
    """

    def __init__(
        self,
        *,
        x: Float[AnyArray, " _"],
        y: Float[AnyArray, " _"] | None = None,
        z: Float[AnyArray, " _"] | None = None,
        solution: Any = None,
        boundary: Boundary | None = None,
        domain: tuple[float, ...] | None = None,
        **inputs: Any,
    ):
        if not inputs:
            raise InputError("Dataset: there is no input; give at least one, such as coefficient=a")
        fields = inputs | {"x": x, "y": y, "z": z, "solution": solution}
        arrays = {name: np.asarray(values) for name, values in fields.items() if values is not None}
        contents = Contents("arrays in memory", arrays, {})
        found = from_contents(_NAME, contents, inputs=tuple(inputs), boundary=boundary, domain=domain)
        super().__init__(**vars(found))
