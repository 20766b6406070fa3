"""Do the errors of a trained model speak against the symmetries that it was trained under?

Samples alone show an asymmetry of some hundredths at best, beside their own spread. Errors of a model spread less.
The mean of its predictions over the symmetries commutes with each, so where the law of inputs and solution is
invariant, that of inputs and errors is, and the test of `pde.invariance` is as exact for them.
"""

import dataclasses
from pathlib import Path

from pde.invariance import ENOUGH, is_invariant
from pde.parts import Part
from pde.surrogate import load


def record_doubts(folder: Path, validation: Part) -> None:
    """Add to a run those of its symmetries under which errors on validation samples are not alike in law."""
    surrogate = load(folder, symmetric=True)
    run = surrogate.run
    if not run.symmetries:
        return
    fields = validation.fields_of_first(ENOUGH)
    fields[..., -1:] -= surrogate.predict_seen(fields[..., :-1])
    doubted = tuple(name for name in run.symmetries if not is_invariant(fields, name))
    dataclasses.replace(run, doubted=doubted).save(folder)
