"""Equations by name: ours, those of installed packages, and any that can be imported."""

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from manojax.operators.named import named
from pde.equations.darcy.box import DARCY_BOX
from pde.equations.darcy.equation import DARCY
from pde.equations.darcy.fluxes import DARCY_FLUXES
from pde.equations.darcy.line import DARCY_LINE
from pde.equations.equation import Equation
from pde.equations.poisson import POISSON
from pde.grids.grid import ends_named
from pde.grids.outputs import Output, zero_everywhere
from pde.system.errors import InputError, suggestion

EQUATIONS: dict[str, Equation] = {
    "darcy": DARCY,
    "darcy-1d": DARCY_LINE,
    "darcy-3d": DARCY_BOX,
    "darcy-fluxes": DARCY_FLUXES,
    "poisson": POISSON,
}
"""Equations by name. An equation that is added here has its name for the rest of the process."""


def find(name: str) -> Equation:
    """Return an equation.

    Args:
        name: one of `EQUATIONS`; an entry point of the group `manojax.equations`, by which an installed package
            names its own equation; or `package.module:NAME`.

    Raises:
        InputError: no such equation, or one that cannot be imported.
    """
    if name in EQUATIONS:
        return EQUATIONS[name]
    try:
        found = named(name, "manojax.equations")
    except ValueError as error:
        raise InputError(f"equation {error}") from error
    if not isinstance(found, Equation):
        there = f"there are {', '.join(EQUATIONS)}, or package.module:NAME"
        raise InputError(f"equation {name}: there is no such equation{suggestion(name, EQUATIONS)} ({there})")
    return found


def equation_of(
    attributes: Mapping[str, Any], names: Collection[str], outputs: Collection[str], axes: int
) -> Equation | None:
    """Return the equation of a data file: the one named by its attribute `equation_name`, or else the one that
    fits its inputs and outputs.

    A file is not trusted, so nothing is imported because it names a module.

    Args:
        attributes: attributes of the file.
        names: names of its data sets.
        outputs: names of its outputs.
        axes: number of axes of its grid.

    Raises:
        InputError: there is no such equation, or its module is not imported yet.
    """
    name = attributes.get("equation_name")
    if name is None:
        return known_by(names, outputs, axes)
    module, _, attribute = str(name).partition(":")
    if attribute and module not in sys.modules:
        raise InputError(
            f"the file is of equation {name}, and no file has a module imported; add --equation {name}, or import "
            f"{module} first"
        )
    return find(str(name))


def known_by(names: Collection[str], outputs: Collection[str] = ("solution",), axes: int = 2) -> Equation | None:
    """Return the equation that has these outputs and axes, and whose inputs are among the data sets of a file.

    If several fit, it is the one with the most inputs; among equals, the first.
    """
    fitting = (
        each
        for each in EQUATIONS.values()
        if each.axes == axes and {output.name for output in each.outputs} == set(outputs)
    )
    found = [each for each in fitting if set(each.inputs) <= set(names)]
    return max(found, key=lambda each: len(each.inputs), default=None)


def check_darcy(flag: str, inputs: Sequence[str], outputs: Sequence[Output]) -> None:
    """Raise InputError where a file is not known to be of -div(a grad u) = 1 with u = 0 on the border."""
    equation = known_by(inputs, axes=len(outputs[0].borders))
    if equation not in (None, DARCY, DARCY_BOX):
        raise InputError(f"{flag} solves {DARCY.formula}, and the file is of {equation.formula}; leave it out")
    if len(inputs) != 1:
        raise InputError(f"--inputs {' '.join(inputs)}: with {flag} the coefficient must be the one input")
    if len(outputs) != 1:
        raise InputError(
            f"{flag} solves for the solution alone, and the outputs are "
            f"{', '.join(output.name for output in outputs)}; leave {flag} out, or give --outputs solution"
        )
    if not zero_everywhere(outputs):
        raise InputError(
            f"{flag} needs solutions that are zero on the border, which the file does not say; if they are, add "
            f"--boundary zero --domain {ends_named(len(outputs[0].borders))}"
        )
