"""Steps that were not applied, since the loss or its gradient was not finite."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pde.system.files import write_text
from pde.system.processes import leads
from pde.training.engine.feeding import Batch

MOST_IN_A_ROW = 10


class Divergence:
    """Ends a training after ten skipped steps in a row.

    Args:
        folder: run folder; `skipped_samples.json` is written there at the end, with the samples of those steps.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._row: list[list[int]] = []

    def note(self, losses: Float[np.ndarray, " step"], batches: Sequence[Batch]) -> None:
        """Look at the losses of the steps just taken; the loss of a skipped step is NaN.

        Raises:
            ArithmeticError: too many skipped steps in a row.
        """
        for loss, (samples, _) in zip(losses, batches, strict=True):
            if not np.isnan(loss):
                self._row.clear()
                continue
            self._row.append(samples.tolist())
            if len(self._row) == MOST_IN_A_ROW:
                path = self._folder / "skipped_samples.json"
                if leads():
                    write_text(path, json.dumps({"samples": self._row}) + "\n")
                raise ArithmeticError(
                    f"{self._folder}: loss or gradient was not finite in {MOST_IN_A_ROW} steps in a row; train "
                    f"into a new folder with a lower --learning-rate, or look at the samples named in {path}"
                )
