"""Predictions for a data file."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pde.datasets import DataFile, create
from pde.files import refuse_existing, write_aside
from pde.polish import check_polish, polish
from pde.progress import progress
from pde.surrogate import Mode, Surrogate
from pde.versions import versions


class Predicted(NamedTuple):
    """How predictions were made."""

    mode: Mode
    iterations: float | None
    """Mean number of iterations that polishing took."""
    cold: int | None
    """What the first sample takes from zero."""


def predict(
    surrogate: Surrogate, data: DataFile, out: Path, mode: Mode = "auto", tolerance: float | None = None
) -> Predicted:
    """Write `solution` for every sample of a file that holds inputs and coordinates.

    Args:
        surrogate: the trained model.
        data: where the inputs come from.
        out: a new HDF5 file: the inputs, `solution`, coordinates, and what made them.
        mode: `direct` runs the model on the file's grid; `resample` runs it on its training grid and interpolates;
            `auto` is direct on the training grid, on finer ones what the run found to be better there
            (`pde.transfer`), and resample elsewhere.
        tolerance: polish the predictions (`pde.polish`) to this relative residual. `solution` is then float64, for
            in float32 it would not keep it, and `residual` (N,) float64 is what each sample attained.

    Raises:
        InputError: `out` exists, or bad data.
        ArithmeticError: a solve did not converge.
    """
    refuse_existing(out)
    if tolerance is not None:
        check_polish(tolerance, data.inputs, data.grid)
    if mode == "auto":
        mode = surrogate.run.way_to(data.grid)
    run = surrogate.run
    attributes: dict[str, Any] = {
        "predicted_by": run.model,
        "mode": mode,
        "symmetric": surrogate.symmetric,
        "train_resolution": run.grid.shape[0],
        "train_data": run.data,
        "epoch": surrogate.epoch,
        "input_file": data.path.name,
    } | {f"version_{name}": version for name, version in versions().items()}
    if tolerance is not None:
        attributes["polished_to"] = tolerance
    precise: dict[str, Any] = {} if tolerance is None else {"residual": True, "double": ("solution",)}
    names, iterations = (*data.inputs, "solution"), []
    with write_aside(out) as aside, create(aside, data.grid, data.samples, attributes, names, **precise) as stored:
        for samples in progress(data.blocks(), "predict", unit="block"):
            inputs = data.read_inputs(samples)
            for channel, name in enumerate(data.inputs):
                stored[name][samples] = inputs[..., channel]
            if mode == "direct":
                predicted = surrogate.predict(inputs, data.grid)
            else:
                predicted, _ = surrogate.resample(inputs, data.grid)
            if tolerance is None:
                stored["solution"][samples] = predicted[..., 0]
                continue
            for place, (a, u) in enumerate(zip(inputs[..., 0], predicted[..., 0], strict=True), samples.start):
                polished = polish(a, u, data.grid, tolerance)
                stored["solution"][place], stored["residual"][place] = polished.solution, polished.residual
                iterations.append(polished.iterations)
    if tolerance is None:
        return Predicted(mode, None, None)
    first = data.read_inputs(slice(1))[0, ..., 0]
    return Predicted(mode, float(np.mean(iterations)), polish(first, 0 * first, data.grid, tolerance).iterations)
