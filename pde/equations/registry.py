"""The equations that there are. A new one is one new file and one line here."""

from collections.abc import Collection, Sequence

from pde.equations.darcy.equation import DARCY
from pde.equations.equation import Equation
from pde.equations.poisson import POISSON
from pde.grids.grid import Grid
from pde.system.errors import InputError

EQUATIONS: dict[str, Equation] = {
    "darcy": DARCY,
    "poisson": POISSON,
}


def known_by(names: Collection[str]) -> Equation | None:
    """The equation whose inputs a data file of these names holds.

    Of several the one with most inputs, and of these the first.
    """
    found = [each for each in EQUATIONS.values() if set(each.inputs) <= set(names)]
    return max(found, key=lambda each: len(each.inputs), default=None)


def check_darcy(flag: str, inputs: Sequence[str], grid: Grid) -> None:
    """Raise InputError where a file is not known to be of -div(a grad u) = 1 with u = 0 on the border."""
    equation = known_by(inputs)
    if equation not in (None, DARCY):
        raise InputError(f"{flag} solves {DARCY.formula}, and the file is of {equation.formula}; leave it out")
    if len(inputs) != 1:
        raise InputError(f"--inputs {' '.join(inputs)}: with {flag} the coefficient must be the one input")
    if grid.boundary != "zero":
        raise InputError(
            f"{flag} needs solutions that are zero on the border, which the file does not say; if they are, add "
            "--boundary zero --domain x0 x1 y0 y1"
        )
