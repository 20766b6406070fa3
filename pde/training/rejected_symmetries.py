"""A test of the symmetries of a training, by the errors of the trained model.

Because of their spread, samples alone reveal at best an asymmetry of some hundredths. Errors of a model spread
less. The mean of its predictions over the symmetries commutes with each symmetry. So if the distribution of inputs
and solutions is invariant, that of inputs and errors is too, and the test of `pde.training.symmetry_test` is just
as exact for errors.
"""

import dataclasses
from pathlib import Path

from pde.grids.symmetries import GENERATORS
from pde.surrogates.surrogate import load
from pde.training.samples import Samples, together
from pde.training.symmetry_test import ENOUGH, Seen, is_invariant


def record_rejected(folder: Path, validation: Samples) -> None:
    """Add to a run the symmetries that the errors on validation samples reject."""
    surrogate = load(folder, symmetric=True)
    run = surrogate.run
    names = tuple(name for name in run.symmetries if name in GENERATORS)  # no mean is taken over shifts
    if not names:
        return
    errors = (
        together(inputs, outputs - surrogate.predict_seen(inputs)) for inputs, outputs in validation.first(ENOUGH)
    )
    channels = run.kinds.channels((*run.view.channel_names, *run.output_names))
    seen = Seen.of(errors, names, channels)
    rejected = tuple(name for name in names if not is_invariant(seen, name))
    dataclasses.replace(run, rejected=rejected).save(folder)
