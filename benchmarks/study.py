"""Training runs that benchmarks keep in a folder: a second call goes on where the first was interrupted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from manojax.operators.base import ModelConfig
from pde.data import datasets
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.runs.run import Run, refuse_changes
from pde.runs.run import seconds_of as seconds_of
from pde.surrogates.surrogate import Surrogate, load
from pde.system.errors import InputError
from pde.training.samples import kept, stored
from pde.training.train import resume, train


def train_to_the_end(
    data: Path, out: Path, model: str, config: TrainingConfig, options: ModelConfig | None = None
) -> Surrogate:
    """Train a model, or go on with the run that the folder holds; options are by default the model's own.

    Raises:
        SystemExit: the run was begun with other settings.
        InputError: the data are bad, or others than the run was begun with.
        ArithmeticError: loss or gradient was not finite in ten steps in a row.
    """
    chosen = options_of(model) if options is None else options
    if not out.exists():
        return train(data, out, model=model, options=chosen, config=config)
    _refuse_another(out, model, config, chosen)
    return resume(data, out)


def _refuse_another(out: Path, model: str, config: TrainingConfig, options: ModelConfig) -> None:
    begun = Run.open(out)
    if begun.model != model:
        raise SystemExit(f"{out} was begun with {begun.model}; give another folder")
    wanted = replace(
        config,
        epochs=config.epochs or begun.training.epochs,
        resolution=config.resolution or begun.training.resolution,
        view=replace(config.view, inputs=config.view.inputs or begun.view.inputs),
    )
    try:
        refuse_changes((options.for_grid(begun.grid.shape), wanted), begun, out, "give another folder")
    except InputError as error:
        raise SystemExit(str(error)) from error


def errors(data: Path, test: Path, out: Path, model: str, config: TrainingConfig) -> dict[str, Any]:
    """Train a run to its end; return its errors on test samples, and those of its mean over the symmetries."""
    plain, symmetric = train_to_the_end(data, out, model, config), load(out, symmetric=True)
    file, run = datasets.open(test), plain.run
    part = kept(stored(file, slice(None), plain.training, run.grid))
    return {
        **plain.errors(part.each()),
        "symmetric": symmetric.errors(part.each()),
        "parameters": run.parameters,
    }
