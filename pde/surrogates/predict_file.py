"""Predictions for a data file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from pde.data.data_file import DataFile
from pde.data.datasets import opened
from pde.data.store import create
from pde.equations.darcy.polish import check_polish, polish
from pde.grids.grid import Grid
from pde.grids.kinds import ALL_SCALARS, Kinds
from pde.grids.outputs import Output, told
from pde.runs.description import fields_from_json
from pde.surrogates.exported import Exported
from pde.surrogates.extrapolation import Extrapolation, Seen, seen_by
from pde.surrogates.surrogate import Fields, Mode, Surrogate
from pde.system.errors import InputError
from pde.system.files import refuse_existing, write_aside
from pde.system.progress import progress
from pde.system.versions import versions

Outputs = Float[np.ndarray, "sample *grid output"]


class Predicted(NamedTuple):
    """The mode of predictions, and the iterations of polishing them."""

    mode: Mode
    iterations: float | None
    """Mean number of iterations that polishing took."""
    cold: int | None
    """Number of iterations that the first sample takes when started from zero."""


def predict(
    surrogate: Surrogate,
    data: str | Path | DataFile,
    out: str | Path,
    mode: Mode = "auto",
    tolerance: float | None = None,
) -> Predicted:
    """Write the outputs, such as `solution`, for every sample of a file that holds inputs and coordinates.

    Args:
        surrogate: the trained model.
        data: the file with the inputs.
        out: a new HDF5 file for the inputs, the outputs, coordinates, and their origin.
        mode: `direct` runs the model on the file's grid; `resample` runs it on its training grid and interpolates;
            `auto` is direct on the training grid, on finer ones the mode that the run found better there
            (`pde.training.transfer`), and resample elsewhere.
        tolerance: polish the predictions (`pde.equations.darcy.polish`) to this relative residual. `solution` is
            then float64, because float32 would not keep this residual, and `residual` (N,) float64 holds the
            residual that each sample attained.

    Raises:
        InputError: `out` exists, or bad data.
        ArithmeticError: a solve did not converge.
    """
    data = opened(data, surrogate.run.view.inputs)
    surrogate = surrogate.told(data)
    run = surrogate.run
    mode = run.mode_for(data.grid) if mode == "auto" else mode
    attributes = {
        "predicted_by": run.model,
        "mode": mode,
        "symmetric": surrogate.symmetric,
        "train_resolution": run.grid.shape[0],
        "train_data": run.data,
        "epoch": surrogate.epoch,
    }

    extrapolation = Extrapolation(seen_by(run))

    def solve(inputs: Fields) -> Outputs:
        extrapolation.note(inputs)
        return surrogate.predict_in(mode, inputs, data.grid)

    made = run.outputs, run.kinds
    predicted = Predicted(mode, *_write(solve, data, 1, Path(out), attributes, tolerance, *made))
    extrapolation.say(data)
    return predicted


def predict_exported(exported: Exported, data: DataFile, out: Path, tolerance: float | None = None) -> Predicted:
    """Predict by an exported model, on its own grid.

    Raises:
        InputError: as for `predict`, or the file's grid does not hold the exported one as a stride.
        ArithmeticError: as for `predict`, or the model put out NaN.
    """
    config = exported.config
    attributes = {
        "predicted_by": config["model"],
        "mode": config["mode"],
        "symmetric": bool(config["symmetries"]),
        "train_resolution": len(config["run"]["grid"]["x"]),
        "train_data": config["run"]["data"],
        "epoch": config["epoch"],
    }
    run = config["run"]
    ranges = {name: (low, high) for name, (low, high) in config.get("seen", {}).items()}
    as_ratios = config.get("seen_as_ratios", False)  # not in 0.1.0
    trained = Seen(ranges, Grid.from_json(run["grid"]), run.get("equation", ""), as_ratios)
    extrapolation = Extrapolation(trained)

    def solve(inputs: Fields) -> Outputs:
        extrapolation.note(inputs)
        return exported(inputs)

    stride = _stride(data, exported.grid)
    made = fields_from_json(run, trained.grid)
    described = told(made["outputs"], data.outputs), made.get("kinds", ALL_SCALARS)
    predicted = Predicted(config["mode"], *_write(solve, data, stride, out, attributes, tolerance, *described))
    extrapolation.say(data)
    return predicted


def _stride(data: DataFile, grid: Grid) -> int:
    strides = map(data.grid.stride_to, data.grid.resolutions())
    found = next((stride for stride in strides if data.grid.strided(stride).matches(grid)), None)
    if found is None:
        raise InputError(
            f"{data.path}: no stride of its {data.grid} grid is the {grid} grid that the model was exported for; "
            f"export the run again with --resolution {data.grid.shape[0]}"
        )
    return found


def _write(
    solve: Callable[[Fields], Outputs],
    data: DataFile,
    stride: int,
    out: Path,
    attributes: dict[str, Any],
    tolerance: float | None,
    outputs: tuple[Output, ...],
    kinds: Kinds,
) -> tuple[float | None, int | None]:
    """Write the predictions of `solve` for every sample; return the last two fields of `Predicted`."""
    refuse_existing(out)
    grid = data.grid.strided(stride)
    if tolerance is not None:
        check_polish(tolerance, data.inputs, outputs, grid)
        attributes = attributes | {"polished_to": tolerance}
    attributes = attributes | {"input_file": data.path.name}
    attributes |= {f"version_{name}": version for name, version in versions().items()}
    options: dict[str, Any] = {"inputs": data.inputs, "outputs": outputs, "kinds": kinds}
    if tolerance is not None:
        options |= {"residual": True, "double": ("solution",)}
    names, iterations = (*data.inputs, *(output.name for output in outputs)), []
    with write_aside(out) as aside, create(aside, grid, data.samples, attributes, names, **options) as stored:
        for samples in progress(data.blocks(), "predict", unit="block"):
            inputs = data.read_inputs(samples, stride)
            for channel, name in enumerate(data.inputs):
                stored[name][samples] = inputs[..., channel]
            predicted = solve(inputs)
            if tolerance is None:
                for channel, output in enumerate(outputs):
                    stored[output.name][samples] = predicted[..., channel]
                continue
            for place, (a, u) in enumerate(zip(inputs[..., 0], predicted[..., 0], strict=True), samples.start):
                polished = polish(a, u, grid, tolerance)
                stored["solution"][place], stored["residual"][place] = polished.solution, polished.residual
                iterations.append(polished.iterations)
    if tolerance is None:
        return None, None
    first = data.read_inputs(slice(1), stride)[0, ..., 0]
    return float(np.mean(iterations)), polish(first, 0 * first, grid, tolerance).iterations
