"""One model on many grids, beside the plain baseline that any zero-shot claim must beat."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from pde.data.data_file import DataFile
from pde.data.datasets import opened
from pde.evaluation.compare import compare
from pde.grids.grid import Grid
from pde.metrics.norms import mean_errors, sample_errors
from pde.preprocessing.view import View
from pde.runs.build import title_of
from pde.surrogates.modes import Attempts, Call, modes
from pde.surrogates.surrogate import Surrogate
from pde.system.errors import InputError
from pde.system.timing import median_milliseconds


def evaluate(
    surrogate: Surrogate, data: str | Path | DataFile, resolutions: Sequence[int] | None = None
) -> dict[str, Any]:
    """Errors of a model on strides of a data file, run directly on each grid and by the resample baseline.

    The baseline takes the file's input to the training grid, predicts there, and interpolates the prediction
    (`Surrogate.resample`). Every number is a mean over all samples of the file, unless its name says otherwise.

    Args:
        surrogate: the trained model.
        data: a file or `pde.Dataset` that holds solutions.
        resolutions: points along axis 1 of each grid; by default those of `default_resolutions`.

    Returns:
        {"model", "train_resolution", "parameters", "symmetric", "samples", "device", "consistency", "rows":
        [{"resolution", "shape", "direct": errors, "resample": errors}]}. Errors are those of
        `pde.evaluation.compare.compare`, with the "milliseconds" that one sample takes, warm; and for resample
        "inputs", "nested" or "nearest": how the input was taken at the training points. A mode that is
        impossible on a grid has {"left_out": why} there. Consistency is None where the file has no grid twice as
        fine as the training grid, or the model cannot run on these, else the relative L2 distance of predictions
        run directly on it, strided back, from those on the training grid: zero for a model that means the same
        function on both.

    Raises:
        InputError: a resolution that the file cannot be strided to, bad data, or no grid on which the model can
            predict.
        ArithmeticError: there is none because a solve inside the model did not converge.
    """
    run = surrogate.run
    data = opened(data, run.view.inputs)
    strides = [data.stride_to(r) for r in resolutions or default_resolutions(run.grid, data.grid)]
    attempts = [Attempts(surrogate, data.grid, data.grid.strided(stride)) for stride in strides]
    rows = [_row(surrogate, data, *each) for each in zip(strides, attempts, strict=True)]
    if all(each.hopeless for each in attempts):
        raise attempts[0].failed["direct"]
    return {
        "model": run.model,
        "train_resolution": run.grid.shape[0],
        "parameters": run.parameters,
        "symmetric": surrogate.symmetric,
        "samples": data.samples,
        "device": jax.default_backend(),
        "consistency": _consistency(surrogate, data),
        "rows": rows,
    }


def default_resolutions(trained: Grid, data: Grid) -> list[int]:
    """The training grid's spacing, half and a quarter of it, where the file has them; else the file's own grid."""
    spacings = {r: data.strided(data.stride_to(r)).spacing for r in data.resolutions()}
    wanted = [trained.spacing / factor for factor in (1, 2, 4)]
    found = [r for r, h in spacings.items() if any(abs(h - w) < 1e-3 * w for w in wanted)]
    return found or [data.shape[0]]


def _row(surrogate: Surrogate, data: DataFile, stride: int, attempts: Attempts) -> dict[str, Any]:
    grid = data.grid.strided(stride)
    label = f"evaluate {surrogate.run.model} at {grid.shape[0]}"
    found = compare(data, stride, label, lambda samples: attempts(data.read_inputs(samples)))
    errors = {mode: found.pop(mode, {}) for mode in modes(surrogate)} | found
    for mode, error in attempts.failed.items():
        errors[mode] = {"left_out": str(error)}  # in the place of what was scored before it failed
    for mode, call in modes(surrogate).items():
        if mode not in attempts.failed:
            errors[mode]["milliseconds"] = milliseconds_a_sample(call, surrogate.run.view, data, stride)
    if "resample" not in attempts.failed:
        nested = surrogate.resample(data.read_inputs(slice(1)), data.grid, grid)[1]
        errors["resample"]["inputs"] = "nested" if nested else "nearest"
    return {"resolution": grid.shape[0], "shape": list(grid.shape), **errors}


def milliseconds_a_sample(call: Call, view: View, data: DataFile, stride: int) -> float:
    """Time that one mode takes for a sample on a stride of a data file, handed only what the model needs of it."""
    handed = 1 if view.sees_between else stride
    first, source = data.read_inputs(slice(1), handed), data.grid.strided(handed)
    return median_milliseconds(lambda: call(first, source, data.grid.strided(stride)))


def _consistency(surrogate: Surrogate, data: DataFile) -> float | None:
    """The model's prediction on half the spacing of its training grid against that on the training grid."""
    strides = (data.stride_to(resolution) for resolution in data.grid.resolutions())
    trained = surrogate.run.grid
    stride = next((s for s in strides if s % 2 == 0 and data.grid.strided(s).matches(trained)), None)
    if stride is None:
        return None
    distances = []
    for samples in data.blocks():
        inputs = data.read_inputs(samples)
        try:
            coarse, fine = (
                surrogate.predict(inputs, data.grid, data.grid.strided(s)) for s in (stride, stride // 2)
            )
        except (InputError, ArithmeticError):
            return None
        distances.append(sample_errors(fine[:, ::2, ::2], coarse, (trained.x, trained.y)))
    return mean_errors(distances)["relative_l2"]


def finest_sample(
    surrogates: Sequence[Surrogate], data: DataFile, resolution: int
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], Grid, str]:
    """Sample 0 on one grid for a figure: first input, solution, predictions by name where possible, grid, and the
    input's name."""
    stride = data.stride_to(resolution)
    grid = data.grid.strided(stride)
    fine, solution = data.read_inputs(slice(1)), data.read_solution(slice(1), stride)
    predictions = {}
    for surrogate in surrogates:
        for mode, predicted in Attempts(surrogate, data.grid, grid)(fine).items():
            predictions[f"{title_of(surrogate.run.model)}, {mode}"] = predicted[0, ..., 0]
    return fine[0, ::stride, ::stride, 0], solution[0, ..., 0], predictions, grid, data.inputs[0]


def worst_samples(
    surrogate: Surrogate, data: DataFile, report: dict[str, Any]
) -> tuple[list[tuple[str, np.ndarray, np.ndarray, np.ndarray]], Grid]:
    """The samples of largest relative L2 for a figure, on the finest grid of a report that was predicted on.

    They are predicted by `resample`, or directly where that is impossible. Each has a title, the first input,
    solution and prediction, all (height, width).
    """
    measured = [row for row in report["rows"] if any("worst" in row[mode] for mode in ("direct", "resample"))]
    finest = max(measured, key=lambda row: row["resolution"])
    mode = "resample" if "worst" in finest["resample"] else "direct"
    stride = data.stride_to(finest["resolution"])
    grid = data.grid.strided(stride)
    drawn = []
    for worst in finest[mode]["worst"]:
        sample = slice(worst["sample"], worst["sample"] + 1)
        fine, solution = data.read_inputs(sample), data.read_solution(sample, stride)
        predicted = modes(surrogate)[mode](fine, data.grid, grid)
        title = f"sample {worst['sample']}, L2 {worst['error']:.4f}"
        drawn.append((title, fine[0, ::stride, ::stride, 0], solution[0, ..., 0], predicted[0, ..., 0]))
    return drawn, grid
