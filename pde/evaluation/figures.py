"""The samples that the figures of an evaluation show."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.runs.build import title_of
from pde.surrogates.modes import MODES, Predictions
from pde.surrogates.surrogate import Surrogate
from pde.system.numbers import short


def finest_sample(
    surrogates: Sequence[Surrogate], data: DataFile, resolution: int
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], Grid, str]:
    """Return sample 0 on one grid for a figure: first input, solution, predictions by name where possible, grid,
    and the input's name."""
    stride = data.stride_to(resolution)
    grid = data.grid.strided(stride)
    fine, solution = data.read_inputs(slice(1)), data.read_outputs(slice(1), stride)
    predictions = {}
    for surrogate in surrogates:
        for mode, predicted in Predictions(surrogate, fine, data.grid).possible(grid, {}).items():
            predictions[f"{title_of(surrogate.run.model)}, {mode}"] = predicted[0, ..., 0]
    return fine[0, *grid.every(stride), 0], solution[0, ..., 0], predictions, grid, data.inputs[0]


def worst_samples(
    surrogate: Surrogate, data: DataFile, report: dict[str, Any]
) -> tuple[list[tuple[str, np.ndarray, np.ndarray, np.ndarray]], Grid]:
    """Return the samples of largest relative L2 for a figure, on the finest grid of a report with predictions.

    They are predicted by `resample`, or directly where that is impossible. Each has a title, the first input,
    solution and prediction, all on the grid.
    """
    measured = [row for row in report["rows"] if any("worst" in row[mode] for mode in MODES)]
    finest = max(measured, key=lambda row: row["resolution"])
    mode = "resample" if "worst" in finest["resample"] else "direct"
    stride = data.stride_to(finest["resolution"])
    grid = data.grid.strided(stride)
    drawn = []
    for worst in finest[mode]["worst"]:
        sample = slice(worst["sample"], worst["sample"] + 1)
        fine, solution = data.read_inputs(sample), data.read_outputs(sample, stride)
        predictions = Predictions(surrogate, fine, data.grid)
        predicted = predictions.resample(grid) if mode == "resample" else predictions.direct(grid)
        title = f"sample {worst['sample']}, L2 {short(worst['error'])}"
        drawn.append((title, fine[0, *grid.every(stride), 0], solution[0, ..., 0], predicted[0, ..., 0]))
    return drawn, grid
