"""Models on many grids, beside the plain baselines that any zero-shot claim must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from pde.data.data_file import DataFile
from pde.data.datasets import opened
from pde.evaluation.baselines import CoarseSolves
from pde.evaluation.compare import Comparison, Summaries, compare
from pde.evaluation.model import ModelPredictor, milliseconds_a_sample
from pde.grids.grid import Grid
from pde.surrogates.modes import MODES
from pde.surrogates.surrogate import Surrogate


@dataclass(frozen=True)
class Evaluation:
    """The errors of models and of coarse solves on the same samples and grids."""

    reports: list[dict[str, Any]]
    """Results of `evaluate`, one a model."""
    coarse: dict[str, Any]
    """Result of `pde.evaluation.baselines.coarse_baseline`."""


def evaluate(
    surrogate: Surrogate, data: str | Path | DataFile, resolutions: Sequence[int] | None = None
) -> dict[str, Any]:
    """Measure errors of a model on strides of a data file, run directly on each grid and by the resample baseline.

    The baseline takes the file's input to the training grid, predicts there, and interpolates the prediction
    (`Surrogate.resample`). Every number is a mean over all samples of the file, unless its name says otherwise.

    Args:
        surrogate: the trained model.
        data: a file or `pde.Dataset` that holds solutions.
        resolutions: points along axis 1 of each grid; by default from `default_resolutions`.

    Returns:
        {"model", "train_resolution", "parameters", "symmetric", "samples", "device", "consistency", "rows":
        [{"resolution", "shape", "direct": errors, "resample": errors}]}. Errors are those of
        `pde.evaluation.compare.compare`, with "milliseconds" for one sample after a warm-up. For resample,
        "inputs" ("nested" or "nearest") says how the input was taken at the training points. A mode that is
        impossible on a grid has {"left_out": reason} there. Consistency is that of
        `pde.evaluation.model.ModelPredictor`: zero for a model that means the same function on two grids.

    Raises:
        InputError: a resolution that the file cannot be strided to, bad data, or no grid on which the model can
            predict.
        ArithmeticError: the model can predict on no grid because a solve inside it did not converge.
    """
    data = opened(data, surrogate.run.view.inputs, surrogate.run.output_names)
    return _evaluate([surrogate], data, resolutions, coarse=False).reports[0]


def evaluate_together(
    surrogates: Sequence[Surrogate], data: DataFile, resolutions: Sequence[int] | None = None
) -> Evaluation:
    """Measure errors of several models and of coarse solves, reading each field of the file once.

    Args:
        surrogates: the trained models; grids and the interfaces of inputs are chosen for the first.
        data: as for `evaluate`.
        resolutions: as for `evaluate`.

    Raises:
        InputError, ArithmeticError: as for `evaluate`.
    """
    return _evaluate(surrogates, data, resolutions, coarse=True)


def default_resolutions(trained: Grid, data: Grid) -> list[int]:
    """The training grid's spacing, half and a quarter of it, where the file has them; else the file's own grid."""
    spacings = {r: data.strided(data.stride_to(r)).spacing for r in data.resolutions()}
    wanted = [trained.spacing / factor for factor in (1, 2, 4)]
    found = [r for r, h in spacings.items() if any(abs(h - w) < 1e-3 * w for w in wanted)]
    return found or [data.shape[0]]


def _evaluate(
    surrogates: Sequence[Surrogate], data: DataFile, resolutions: Sequence[int] | None, *, coarse: bool
) -> Evaluation:
    wanted = resolutions or default_resolutions(surrogates[0].run.grid, data.grid)
    strides = [data.stride_to(resolution) for resolution in wanted]
    models = [ModelPredictor(surrogate.told(data), data.grid, strides) for surrogate in surrogates]
    solves = CoarseSolves(data, strides)
    predictors = [*models, solves] if coarse else models
    compared = compare(data, strides, predictors, solves.solvable, "evaluate")
    reports = [_report(*each, compared) for each in zip(models, compared.errors, strict=False)]
    return Evaluation(reports, solves.report(compared.errors[-1], compared) if coarse else {})


def _report(model: ModelPredictor, errors: Summaries, compared: Comparison) -> dict[str, Any]:
    if model.hopeless:
        raise next(iter(model.failed.values()))["direct"]
    run, data = model.surrogate.run, compared.data
    model.say_if_outside(data)
    return {
        "model": run.model,
        "train_resolution": run.grid.shape[0],
        "parameters": run.parameters,
        "symmetric": model.surrogate.symmetric,
        "samples": data.samples,
        "device": jax.default_backend(),
        "consistency": model.consistency,
        "rows": [_row(model, stride, errors[stride], compared) for stride in errors],
    }


def _row(
    model: ModelPredictor, stride: int, errors: Mapping[str, dict[str, Any]], compared: Comparison
) -> dict[str, Any]:
    grid, failed = compared.data.grid.strided(stride), model.failed[stride]
    row: dict[str, Any] = {"resolution": grid.shape[0], "shape": list(grid.shape)}
    for mode in MODES:
        if mode in failed:
            row[mode] = {"left_out": str(failed[mode])}  # replaces errors scored before the failure
        else:
            milliseconds = milliseconds_a_sample(model.surrogate, mode, compared.first, stride)
            row[mode] = errors[mode] | {"milliseconds": milliseconds}
    if "resample" not in failed:
        nested = model.surrogate.nested(compared.data.grid)
        row["resample"]["inputs"] = "nested" if nested else "nearest"
    return row | compared.truth.get(stride, {})
