"""The samples that the figures of an evaluation show, a figure for each output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.grids.kinds import Quantity
from pde.runs.build import title_of
from pde.surrogates.modes import MODES, Predictions
from pde.surrogates.surrogate import Surrogate
from pde.system.numbers import short


@dataclass(frozen=True)
class OneSample:
    """A sample on a grid: its first input, an output, and predictions of the output by title."""

    name: str
    """Name of the output."""
    input: str
    """Name of the input."""
    field: np.ndarray
    output: np.ndarray
    predictions: Mapping[str, np.ndarray]
    grid: Grid


@dataclass(frozen=True)
class WorstSamples:
    """The samples of largest error on a grid: a title, the first input, an output and its prediction for each."""

    name: str
    """Name of the output."""
    input: str
    """Name of the input."""
    samples: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]]
    grid: Grid


def finest_sample(surrogates: Sequence[Surrogate], data: DataFile, resolution: int) -> list[OneSample]:
    """Return sample 0 on one grid for figures, one for each scalar or vector, with the predictions that are
    possible."""
    stride = data.stride_to(resolution)
    grid = data.grid.strided(stride)
    fine, outputs = data.read_inputs(slice(1)), data.read_outputs(slice(1), stride)
    predictions = {}
    for surrogate in surrogates:
        for mode, predicted in Predictions(surrogate.told(data), fine, data.grid).possible(grid, {}).items():
            predictions[f"{title_of(surrogate.run.model)}, {mode}"] = predicted[0]
    return [
        OneSample(
            name=one.name,
            input=data.inputs[0],
            field=fine[0, *grid.every(stride), 0],
            output=_of(one, outputs[0]),
            predictions={title: _of(one, predicted) for title, predicted in predictions.items()},
            grid=grid,
        )
        for one in data.quantities
    ]


def worst_samples(surrogate: Surrogate, data: DataFile, report: dict[str, Any]) -> list[WorstSamples]:
    """Return the samples of largest relative L2 for figures, one for each scalar or vector.

    The grid is the finest one of a report with predictions. They are predicted by `resample`, or directly where
    that is impossible.
    """
    measured = [row for row in report["rows"] if any("worst" in row[mode] for mode in MODES)]
    finest = max(measured, key=lambda row: row["resolution"])
    mode = "resample" if "worst" in finest["resample"] else "direct"
    stride = data.stride_to(finest["resolution"])
    grid = data.grid.strided(stride)
    drawn = []
    for worst in finest[mode]["worst"]:
        sample = slice(worst["sample"], worst["sample"] + 1)
        fine, outputs = data.read_inputs(sample), data.read_outputs(sample, stride)
        predictions = Predictions(surrogate.told(data), fine, data.grid)
        predicted = predictions.resample(grid) if mode == "resample" else predictions.direct(grid)
        title = f"sample {worst['sample']}, L2 {short(worst['error'])}"
        drawn.append((title, fine[0, *grid.every(stride), 0], outputs[0], predicted[0]))
    return [
        WorstSamples(
            name=one.name,
            input=data.inputs[0],
            samples=[(title, field, _of(one, true), _of(one, made)) for title, field, true, made in drawn],
            grid=grid,
        )
        for one in data.quantities
    ]


def _of(quantity: Quantity, outputs: np.ndarray) -> np.ndarray:
    """Return a scalar without a channel, a vector with its components as channels."""
    if quantity.is_vector:
        return outputs[..., list(quantity.channels)]
    return outputs[..., quantity.channels[0]]
