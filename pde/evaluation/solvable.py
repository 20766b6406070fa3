"""The equation of a data file, as far as our solvers take the file's inputs."""

from collections.abc import Callable
from typing import Any

from pde.data.data_file import DataFile
from pde.equations.equation import Equation
from pde.equations.registry import EQUATIONS, equation_of
from pde.evaluation.block import Block
from pde.metrics.per_sample import Measure
from pde.system.errors import InputError


class Solvable:
    """The equation whose inputs a file holds, as long as it can be solved for the file's samples.

    Names alone do not prove that the inputs belong to the equation; `Equation.assumed` states the assumptions.
    """

    def __init__(self, data: DataFile):
        self.grid, self._outputs = data.grid, data.outputs
        self.equation: Equation | None = None
        self.reason: str | None = None
        """Reason why the file cannot be solved, or None."""
        try:
            self.equation = equation_of(data.attributes, data.sampled, data.output_names, len(data.grid.axes))
        except InputError as error:
            self.reason = str(error)
            return
        if self.equation is None:
            known = dict.fromkeys(" and ".join(each.inputs) for each in EQUATIONS.values())
            self.reason = f"the file holds no {' or '.join(known)}"
            if any(set(each.inputs) <= set(data.sampled) for each in EQUATIONS.values()):
                self.reason = f"no equation has the outputs {', '.join(data.output_names)} on a {data.grid} grid"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the equation's inputs; none without an equation."""
        return () if self.equation is None else self.equation.inputs

    def check(self, block: Block) -> None:
        """Note the reason the first time that samples cannot be solved."""
        if self.equation is None or self.reason is not None:
            return
        try:
            # What the file does not say of its border comes first: with the advice given there, the grid may do.
            self.equation.check_outputs(self._outputs)
            self.equation.check(*block.named(self.inputs), self.grid)
        except InputError as error:
            self.reason = str(error)

    def measures(self, block: Block) -> dict[str, Measure]:
        """Return functions from outputs to the residual and further measures, by name; none where they mean
        nothing.

        On cell centres several schemes are in use, each with its own residual.
        """
        equation = self.equation
        if equation is None or self.reason is not None or not self.grid.on_nodes:
            return {}
        inputs, names = block.named(self.inputs), [output.name for output in self._outputs]
        channels = [names.index(output.name) for output in equation.outputs]
        functions = {"residual": equation.residual, **equation.measures}
        alone = channels[0] if len(channels) == 1 else channels

        def measure(function: Callable[..., Any]) -> Measure:
            return lambda outputs: function(*inputs, outputs[..., alone], self.grid)

        return {name: measure(function) for name, function in functions.items() if function is not None}
