"""Training runs that benchmarks keep in a folder: a second call goes on where the first was interrupted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from manojax.operators.base import ModelConfig
from pde.data import datasets
from pde.data.generate import generate
from pde.equations.equation import Problem
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.runs.run import Run, refuse_changes, seconds_of
from pde.surrogates.surrogate import Surrogate, load
from pde.system.errors import InputError
from pde.training.samples import Samples, kept, stored
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


def kept_run(
    data: Path, folder: Path, model: str, config: TrainingConfig, options: ModelConfig
) -> tuple[Surrogate, float]:
    """Train to the end in a folder named by model and settings, in a folder of many; return also the seconds."""
    out = _named(folder, model, config, options)
    return train_to_the_end(data, out, model, config, options), seconds_of(out)


def _named(folder: Path, model: str, config: TrainingConfig, options: ModelConfig) -> Path:
    """Name the folder of a run by the options that differ from the model's own, view, grids, epochs and seed."""
    own = options_of(model)
    changed = [f"{name}-{value}" for name, value in vars(options).items() if value != getattr(own, name)]
    view = [name for name in (config.view.restriction, config.view.informed) if name not in ("stride", "none")]
    grids = config.resolutions or (config.resolution,)
    words = (model, *changed, *view, "at", *grids, "epochs", config.epochs, "seed", config.seed)
    return folder / "-".join(map(str, words))


def made(path: Path, problem: Problem, samples: int, seed: int) -> Path:
    """Generate a file unless it is there."""
    if not path.exists():
        generate(problem, path, samples=samples, seed=seed)
    return path


def _refuse_another(out: Path, model: str, config: TrainingConfig, options: ModelConfig) -> None:
    begun = Run.open(out)
    if begun.model != model:
        raise SystemExit(f"{out} was begun with {begun.model}; give another folder")
    wanted = replace(
        config,
        epochs=config.epochs or begun.training.epochs,
        resolution=config.resolution or begun.training.resolution,
        accumulate=config.accumulate or begun.training.accumulate,
        outputs=config.outputs or begun.training.outputs,
        view=replace(
            config.view,
            inputs=config.view.inputs or begun.view.inputs,
            scaling=config.view.scaling or begun.view.scaling,
        ),
    )
    try:
        refuse_changes((options.for_grid(begun.grid.shape), wanted), begun, out, "give another folder")
    except InputError as error:
        raise SystemExit(str(error)) from error


def errors(
    data: Path, test: Path, out: Path, model: str, config: TrainingConfig, options: ModelConfig | None = None
) -> dict[str, Any]:
    """Train a run to its end; return its errors on test samples, and those of its mean over the symmetries."""
    plain, symmetric = train_to_the_end(data, out, model, config, options), load(out, symmetric=True)
    part = on_training_grid(test, plain)
    return {
        **plain.errors(part.each()),
        "symmetric": symmetric.errors(part.each()),
        "parameters": plain.run.parameters,
    }


def on_training_grid(test: Path, surrogate: Surrogate) -> Samples:
    """Return the samples of a file as a surrogate sees them on its training grid."""
    return kept(stored(datasets.open(test), slice(None), surrogate.training, surrogate.run.grid))
