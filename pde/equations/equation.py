"""The interface of equations: a law to draw problems from, and solvers for the problems of a data file.

`pde.equations.registry` lists the known equations. docs/own-equation.md builds one, step by step.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid

Field = Float[np.ndarray, "height width"]
Solution = Float[np.ndarray, "coarse_height coarse_width"]


@runtime_checkable
class Problem(Protocol):
    """An equation with a law of random inputs, on a grid: a frozen dataclass whose fields are flags of
    `generate`."""

    inputs: ClassVar[tuple[str, ...]]
    """Names of the input fields in a data file."""

    @property
    def grid(self) -> Grid: ...

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        ...

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples in order, float64: the inputs and `solution` (height, width), and the solve's `residual`.

        The problem decides how samples share the hardware; its use of memory must not grow with the number of
        indices.

        Raises:
            ArithmeticError: the solver did not converge on a sample.
        """
        ...


@dataclass(frozen=True)
class Equation:
    """An equation for the commands. Its functions take the input fields first, in the order of `inputs`."""

    problem: type[Any]
    """A `Problem` whose options all have defaults."""
    formula: str
    """The equation as tables show it."""
    assumed: str
    """Assumption about a data file that solving it again makes."""
    check: Callable[..., None]
    """check(*inputs, grid) raises InputError if the equation cannot be solved for inputs (sample, height,
    width)."""
    strided: Mapping[str, Callable[..., Solution]]
    """Schemes by name, each a function solve(*inputs, grid) that sees the inputs only on the coarse grid; the
    scheme of the problem itself comes first."""
    fine: Mapping[str, Callable[..., Solution]]
    """Schemes by name, each a function solve(*inputs, grid, stride) that sees the fine inputs and solves on a
    stride of their grid."""
    residual: Callable[..., Float[np.ndarray, " sample"]]
    """residual(*inputs, solution, grid) returns each sample's relative residual in the scheme of the problem."""
    scaling: Mapping[str, float] = field(default_factory=dict)
    """Powers p by the names of inputs: c > 0 times that input gives c^p times the solution. An input of which this
    holds for no p is left out."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input fields in a data file."""
        return self.problem.inputs

    def schemes(self, stride: int) -> list[str]:
        """List the schemes on a stride; on the grid itself (stride 1) there are no finer inputs."""
        return [*self.strided, *(self.fine if stride > 1 else ())]

    def solve(self, scheme: str, inputs: Sequence[Field], grid: Grid, stride: int) -> Solution:
        """The solution on `grid.strided(stride)` by a scheme, float64.

        Raises:
            InputError: inputs or a grid that the scheme does not take.
            ArithmeticError: the solver did not converge.
        """
        if scheme in self.fine:
            return self.fine[scheme](*inputs, grid, stride)
        return self.strided[scheme](*(field[grid.every(stride)] for field in inputs), grid.strided(stride))
