"""Predictions for a data file."""

from pathlib import Path
from typing import Literal

import numpy as np

from pde.datasets import DataFile, create
from pde.files import refuse_existing, write_aside
from pde.progress import progress
from pde.surrogate import Surrogate
from pde.versions import versions

_BLOCK = 64

Mode = Literal["auto", "direct", "resample"]


def predict(surrogate: Surrogate, data: DataFile, out: Path, mode: Mode = "auto") -> str:
    """Write `solution` for every sample of a file that holds inputs and coordinates; returns the mode used.

    Args:
        surrogate: the trained model.
        data: where the inputs come from.
        out: a new HDF5 file: the inputs, `solution`, coordinates, and what made them.
        mode: `direct` runs the model on the file's grid; `resample` runs it on its training grid and interpolates;
            `auto` is direct on the training grid, and elsewhere what the run found to be better on a finer grid
            (`pde.transfer`), resample where it could not tell.

    Raises:
        InputError: `out` exists, or bad data.
    """
    refuse_existing(out)
    if mode == "auto":
        mode = "direct" if data.grid.matches(surrogate.run.grid) else surrogate.run.better_way
    run = surrogate.run
    attributes = {
        "predicted_by": run.model,
        "mode": mode,
        "train_resolution": run.grid.shape[0],
        "train_data": run.data,
        "epoch": surrogate.epoch,
        "input_file": data.path.name,
    } | {f"version_{name}": version for name, version in versions().items()}
    names = (*data.inputs, "solution")
    with write_aside(out) as aside, create(aside, data.grid, data.samples, attributes, names) as stored:
        for start in progress(range(0, data.samples, _BLOCK), "predict", unit="block"):
            samples = slice(start, min(start + _BLOCK, data.samples))
            inputs = data.read_inputs(samples)
            for channel, name in enumerate(data.inputs):
                stored[name][samples] = inputs[..., channel]
            if mode == "direct":
                predicted = surrogate.predict(inputs, data.grid)
            else:
                predicted, _ = surrogate.resample(inputs, data.grid)
            stored["solution"][samples] = np.asarray(predicted[..., 0])
    return mode
