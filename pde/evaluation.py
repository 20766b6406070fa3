"""One model on many grids, beside the plain baseline that any zero-shot claim must beat."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pde.datasets import DataFile
from pde.grid import Grid
from pde.metrics import mean_errors, sample_errors
from pde.progress import progress
from pde.surrogate import Surrogate

_BLOCK_POINTS = 2**24


def evaluate(surrogate: Surrogate, data: DataFile, resolutions: Sequence[int] | None = None) -> dict[str, Any]:
    """Errors of a model on strides of a data file, run directly on each grid and by the resample baseline.

    The baseline takes the file's input to the training grid, predicts there, and interpolates the prediction
    (`Surrogate.resample`). Every number is a mean over all samples of the file.

    Args:
        surrogate: the trained model.
        data: a file that holds solutions.
        resolutions: points along axis 1 of each grid; by default those of `default_resolutions`.

    Returns:
        {"model", "train_resolution", "parameters", "samples", "rows": [{"resolution", "shape",
        "direct": {"relative_l2", "relative_mse", "relative_h1"}, "resample": {the same, "coefficient"}}]}, where
        `coefficient` is "nested" or "nearest": how the input was taken at the training points.

    Raises:
        InputError: a resolution that the file cannot be strided to, or bad data.
    """
    run = surrogate.run
    strides = [data.stride_to(r) for r in resolutions or default_resolutions(run.grid, data.grid)]
    rows = [_row(surrogate, data, stride) for stride in strides]
    return {
        "model": run.model,
        "train_resolution": run.grid.shape[0],
        "parameters": run.parameters,
        "samples": data.samples,
        "rows": rows,
    }


def default_resolutions(trained: Grid, data: Grid) -> list[int]:
    """The training grid's spacing, half and a quarter of it, where the file has them; else the file's own grid."""
    spacings = {r: data.strided(data.stride_to(r)).spacing for r in data.resolutions()}
    wanted = [trained.spacing / factor for factor in (1, 2, 4)]
    found = [r for r, h in spacings.items() if any(abs(h - w) < 1e-3 * w for w in wanted)]
    return found or [data.shape[0]]


def _row(surrogate: Surrogate, data: DataFile, stride: int) -> dict[str, Any]:
    grid = data.grid.strided(stride)
    block = max(1, _BLOCK_POINTS // (data.grid.shape[0] * data.grid.shape[1]))
    starts = range(0, data.samples, block)
    direct, resample, nested = [], [], True
    for start in progress(starts, f"evaluate {surrogate.run.model} at {grid.shape[0]}", unit="block"):
        samples = slice(start, min(start + block, data.samples))
        fine, solution = data.read_inputs(samples), data.read_solution(samples, stride)
        direct.append(sample_errors(surrogate.predict(fine, data.grid, grid), solution, (grid.x, grid.y)))
        resampled, nested = surrogate.resample(fine, data.grid, grid)
        resample.append(sample_errors(resampled, solution, (grid.x, grid.y)))
    return {
        "resolution": grid.shape[0],
        "shape": list(grid.shape),
        "direct": mean_errors(direct),
        "resample": mean_errors(resample) | {"coefficient": "nested" if nested else "nearest"},
    }


def finest_sample(
    surrogates: Sequence[Surrogate], data: DataFile, resolution: int
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], Grid]:
    """Sample 0 on one grid for a figure: first input, solution, predictions by name, grid."""
    stride = data.stride_to(resolution)
    grid = data.grid.strided(stride)
    fine, solution = data.read_inputs(slice(1)), data.read_solution(slice(1), stride)
    predictions = {}
    for surrogate in surrogates:
        name = surrogate.run.model.upper()
        predictions[f"{name}, direct"] = surrogate.predict(fine, data.grid, grid)[0, ..., 0]
        predictions[f"{name}, resample"] = surrogate.resample(fine, data.grid, grid)[0][0, ..., 0]
    return fine[0, ::stride, ::stride, 0], solution[0, ..., 0], predictions, grid


def table(reports: Sequence[dict[str, Any]]) -> str:
    """Reports as plain text, one line a model and grid: mean relative L2, relative MSE and relative H1."""
    lines = [
        f"{'model':8} {'parameters':>10} {'grid':>9}   {'direct: L2':>10} {'MSE':>9} {'H1':>8}"
        f"   {'resample: L2':>12} {'MSE':>9} {'H1':>8}"
    ]
    for report in reports:
        for row in report["rows"]:
            direct, resample = row["direct"], row["resample"]
            lines.append(
                f"{report['model']:8} {report['parameters']:>10,} {row['shape'][0]:>4} x{row['shape'][1]:>3}"
                f"   {_three(direct, 10)}   {_three(resample, 12)}"
                + ("" if resample["coefficient"] == "nested" else "  (nearest points)")
            )
    return "\n".join(lines)


def _three(errors: dict[str, float], width: int) -> str:
    return f"{errors['relative_l2']:>{width}.4f} {errors['relative_mse']:>9.2e} {errors['relative_h1']:>8.4f}"
