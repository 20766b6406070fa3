"""The cheapest coarse solve that is as accurate as a given error, among all schemes and strides of a file."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from pde.data.data_file import DataFile
from pde.equations.equation import Equation, Field
from pde.evaluation.block import Block
from pde.grids.grid import Grid
from pde.metrics.quantities import errors_of_quantities
from pde.surrogates.resampling import carried
from pde.system.errors import InputError
from pde.system.timing import median_milliseconds


class CoarseSolve:
    """A scheme on a stride of a grid, whose solutions are wanted on another stride of that grid.

    Where the wanted points are not among those of the solve, its solutions are interpolated by cubic splines.

    Args:
        equation: the equation.
        scheme: name of the scheme.
        grid: grid of the inputs.
        stride: stride to solve on.
        wanted: stride to give the solutions on.
    """

    def __init__(self, equation: Equation, scheme: str, grid: Grid, stride: int, wanted: int):
        self.scheme, self.stride = scheme, stride
        self._solve = functools.partial(equation.solve, scheme, grid=grid, stride=stride)
        self._every = wanted // stride if wanted % stride == 0 else None
        grids = {"trained": grid.strided(stride), "on": grid.strided(wanted)}
        self._onto = jax.jit(functools.partial(carried, **grids, outputs=equation.outputs))

    def __call__(self, inputs: Sequence[Field]) -> Float[np.ndarray, "*new_grid output"]:
        """Solve one sample, given its inputs on the file's grid.

        Raises:
            InputError: inputs or a grid that the scheme does not take.
            ArithmeticError: the solver did not converge.
        """
        solution = self._solve(inputs=inputs).astype(np.float32)
        if self._every is not None:
            return solution[(slice(None, None, self._every),) * (solution.ndim - 1)]
        return np.asarray(self._onto(jnp.asarray(solution[None])))[0]


@dataclass(frozen=True)
class Classical:
    """A coarse solve, its error and its time."""

    scheme: str
    """Name of the scheme (`pde.equations.equation.Equation.schemes`)."""
    stride: int
    """Stride of the file's grid that it solves on; 1 for the file's own grid."""
    resolution: int
    """Number of points along axis 1 that it solves on."""
    error: float
    """Mean relative L2 over all samples."""
    milliseconds: float
    """Median time of a sample."""


def cheapest(data: DataFile, equation: Equation, wanted: int, most: float) -> Classical | None:
    """Find the coarse solve of least time whose mean relative L2 is at most a given error.

    Each scheme is tried from the coarsest stride to the finest, since its time grows with the number of points. It
    is given up once it is accurate enough, or slower than a solve that is.

    Args:
        data: a file that holds solutions.
        equation: the equation of the file, which can be solved for all of its samples.
        wanted: stride on which the errors are taken.
        most: the largest error allowed.

    Returns:
        The solve, or None if none is accurate enough.

    Raises:
        InputError: bad data.
    """
    first = [field[0] for field in Block.read(data, slice(1), equation.inputs).named(equation.inputs)]
    found, tried = None, {*equation.strided, *equation.fine}
    for resolution in data.grid.resolutions():
        stride = data.stride_to(resolution)
        for scheme in [each for each in equation.schemes(stride) if each in tried]:
            solve = CoarseSolve(equation, scheme, data.grid, stride, wanted)
            try:
                milliseconds = median_milliseconds(functools.partial(solve, first))
                if found is not None and milliseconds >= found.milliseconds:
                    tried.remove(scheme)
                    continue
                error = _error_up_to(most, data, equation, solve, wanted)
            except (InputError, ArithmeticError):
                continue  # this grid does not suit the scheme; a finer one may
            if error is not None:
                found = Classical(scheme, stride, resolution, error, milliseconds)
                tried.remove(scheme)
    return found


def _error_up_to(most: float, data: DataFile, equation: Equation, solve: CoarseSolve, wanted: int) -> float | None:
    """Compute the mean relative L2 of a solve; None as soon as it cannot be `most` or less."""
    grid, total = data.grid.strided(wanted), 0.0
    for samples in data.blocks():
        block = Block.read(data, samples, {*data.output_names, *equation.inputs})
        solved = [solve(inputs) for inputs in zip(*block.named(equation.inputs), strict=True)]
        errors = errors_of_quantities(np.stack(solved), block.outputs(wanted), data.quantities, grid)
        total += float(errors["relative_l2"].sum(dtype=np.float64))
        if total > most * data.samples:
            return None
    return total / data.samples
