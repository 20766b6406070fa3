"""The breakeven of an operator in plain sentences."""

import math

from pde.evaluation.breakeven import Breakeven
from pde.evaluation.classical import Classical
from pde.system.numbers import short


def sentences(found: Breakeven) -> str:
    """Say after how many predictions the operator has paid off, or why it never does or this is unknown."""
    operator = (
        f"A prediction on {found.resolution} points a side takes {found.milliseconds:.2f} ms, with relative L2 "
        f"{short(found.error)}"
    )
    if found.classical is None:
        reason = found.left_out or "no coarse solve of the file is as accurate"
        return f"Breakeven: unknown. {operator}; {reason}."
    return f"Breakeven: {_number(found)}. {operator}; {_solve(found.classical)}."


def _solve(classical: Classical) -> str:
    return (
        f"the cheapest coarse solve as accurate, {classical.scheme} on {classical.resolution} points a side "
        f"(stride {classical.stride}), takes {classical.milliseconds:.2f} ms, with {short(classical.error)}"
    )


def _number(found: Breakeven) -> str:
    if found.predictions == math.inf:
        return "never"
    if found.predictions is None:
        unknown = {"the data": found.data_seconds, "training": found.training_seconds}
        missing = " and ".join(name for name, seconds in unknown.items() if seconds is None)
        return f"unknown, because the run does not record the seconds of {missing}"
    machine = "" if found.cores is None else f" on {found.cores} cores of {found.processor}"
    return (
        f"after {math.ceil(found.predictions):,} predictions, {found.data_seconds:.0f} s for the data and "
        f"{found.training_seconds:.0f} s for training{machine} have paid off"
    )
