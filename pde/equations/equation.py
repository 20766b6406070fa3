"""The interface of equations: a law to draw problems from, and solvers for the problems of a data file.

`pde.equations.registry` lists the known equations. docs/own-equation.md builds one, step by step.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid, ends_named
from pde.grids.kinds import Kinds
from pde.grids.outputs import Output
from pde.system.errors import InputError

Field = Float[np.ndarray, "*grid"]
Solution = Float[np.ndarray, "*coarse_grid"]


@runtime_checkable
class Problem(Protocol):
    """An equation with a law of random inputs, on a grid: a frozen dataclass whose fields are flags of
    `generate`."""

    inputs: ClassVar[tuple[str, ...]]
    """Names of the input fields in a data file."""

    kinds: ClassVar[Kinds]
    """Vectors and pseudoscalars among inputs and outputs."""

    has_residual: ClassVar[bool]
    """True if each sample comes with the relative residual that its solve attained."""

    @property
    def grid(self) -> Grid: ...

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Output fields in a data file, with their borders."""
        ...

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        ...

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples in order, float64: inputs and outputs, (*grid), and the solve's `residual` if there is one.

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
    scheme of the problem itself comes first. Where there are several outputs, a scheme returns a channel for
    each."""
    fine: Mapping[str, Callable[..., Solution]]
    """Schemes by name, each a function solve(*inputs, grid, stride) that sees the fine inputs and solves on a
    stride of their grid."""
    residual: Callable[..., Float[np.ndarray, " sample"]] | None = None
    """residual(*inputs, outputs, grid) returns each sample's relative residual in the scheme of the problem, given
    its outputs, as `solve` returns them, or without the channel if there is one. None if the problem is not solved
    by iteration."""
    measures: Mapping[str, Callable[..., Float[np.ndarray, " sample"]]] = field(default_factory=dict)
    """Further measures of outputs by name, each a function like `residual`."""
    scaling: Mapping[str, float] = field(default_factory=dict)
    """Powers p by the names of inputs: c > 0 times that input gives c^p times the solution. An input of which this
    holds for no p is left out."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input fields in a data file."""
        return self.problem.inputs

    @functools.cached_property
    def outputs(self) -> tuple[Output, ...]:
        """Output fields in a data file, with the borders that the equation has."""
        return self.problem().outputs

    @property
    def axes(self) -> int:
        """Number of axes of the grids that it is solved on."""
        return len(self.outputs[0].borders)

    def check_outputs(self, given: Sequence[Output]) -> None:
        """Raise InputError where a file does not give outputs the borders that the equation has."""
        its = {output.name: output.border for output in given}
        for output in self.outputs:
            if its.get(output.name) != output.border:
                raise InputError(
                    f"the {output.name} is not known to be {output.border} on the border; if it is, "
                    f"say --boundary {output.border} --domain {ends_named(self.axes)}"
                )

    def schemes(self, stride: int) -> list[str]:
        """List the schemes on a stride; on the grid itself (stride 1) there are no finer inputs."""
        return [*self.strided, *(self.fine if stride > 1 else ())]

    def solve(
        self, scheme: str, inputs: Sequence[Field], grid: Grid, stride: int
    ) -> Float[np.ndarray, "*coarse_grid output"]:
        """The outputs on `grid.strided(stride)` by a scheme, float64, one channel each.

        Raises:
            InputError: inputs or a grid that the scheme does not take.
            ArithmeticError: the solver did not converge.
        """
        if scheme in self.fine:
            found = self.fine[scheme](*inputs, grid, stride)
        else:
            found = self.strided[scheme](*(field[grid.every(stride)] for field in inputs), grid.strided(stride))
        return found[..., None] if len(self.outputs) == 1 else found
