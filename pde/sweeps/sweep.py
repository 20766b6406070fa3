"""Models x widths x seeds on one data set: how the table of a paper is made.

MODEL-width-W-seed-S/   a run folder each; MODEL-seed-S/ if the model has no option `width`
sweep.json              every number, with settings and versions
sweep.md, sweep.png     the table, and errors against time
"""

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from manojax.operators.base import ModelConfig
from pde import plots
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.evaluation.baselines import CoarseSolves
from pde.evaluation.block import Block
from pde.evaluation.compare import ByStride, compare
from pde.evaluation.model import milliseconds_a_sample
from pde.grids.grid import Grid
from pde.metrics.norms import RELATIVE
from pde.runs.build import create, options_of
from pde.runs.checkpoints import Checkpoints
from pde.runs.config import TrainingConfig
from pde.runs.run import Run, history, refuse_changes
from pde.surrogates.surrogate import Surrogate, load
from pde.sweeps.table import costs, markdown
from pde.system.errors import InputError, check_seed
from pde.system.files import write_text
from pde.system.versions import versions
from pde.training.prepare import prepare, steps_an_epoch
from pde.training.train import resume, train

_MEASURED = (*RELATIVE, "milliseconds", "seconds")


@dataclass(frozen=True)
class Member:
    """One run of a sweep."""

    folder: Path
    run: Run
    """Description of the run, begun or to be begun."""


@dataclass(frozen=True)
class OnTrainingGrid:
    """A trained operator run directly on its training grid, as a predictor."""

    surrogate: Surrogate
    grid: Grid
    """Grid of the fields."""
    stride: int
    """Stride that leads to the training grid."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the fields that the operator takes."""
        return self.surrogate.run.view.inputs

    def __call__(self, block: Block) -> ByStride:
        fields = block.channels(self.inputs)
        predicted = self.surrogate.predict(fields, self.grid, self.grid.strided(self.stride))
        return {self.stride: {"direct": predicted}}


def sweep(
    data: Path,
    test: Path,
    out: Path,
    *,
    models: Sequence[str],
    widths: Sequence[int] = (),
    seeds: Sequence[int] = (0, 1, 2),
    config: TrainingConfig | None = None,
) -> dict[str, Any]:
    """Train the runs that are missing in the folder `out`, then evaluate all on the test file's training grid.

    Args:
        data: file to train on.
        test: file with solutions on a grid of which the training grid is a stride.
        out: folder of the sweep; what an earlier call has done there is kept.
        models: names of the models.
        widths: widths of each model; by default its own, if it has one.
        seeds: seeds for each model and width.
        config: settings of all trainings; the seed in it is not used.

    Returns:
        The contents of `sweep.json`: {"data", "test", "samples", "shape", "device", "training", "versions",
        "coarse": `pde.evaluation.baselines.coarse_baseline`, "rows": [{"model", "width", "parameters", "runs":
        [{"seed", relative errors, "milliseconds" a sample, "seconds" of training}], "mean": of the same,
        "deviation": sample standard deviation over seeds, or None for one seed}]}. The width is None if the model
        has no such option.

    Raises:
        InputError: a model, width, seed or file that does not fit, before anything is trained; a run that was
            begun with other settings or data.
        ArithmeticError: a training failed.
    """
    config = config or TrainingConfig()
    for name, values in (("models", models), ("seeds", seeds)):
        if not values:
            raise InputError(f"--{name} is empty; give at least one")
    for seed in seeds:
        check_seed(seed)
    said = {"boundary": config.boundary, "domain": config.domain, "periodic": config.periodic}
    file = datasets.open(test, inputs=config.view.inputs, outputs=config.outputs, **said)
    rows = [_begun(data, out, file, *each, seeds, config) for each in _options(models, widths, config)]
    members = [member for row in rows for member in row]
    for number, member in enumerate(members, start=1):
        print(f"manojax: run {number} of {len(members)}: {member.folder}", file=sys.stderr, flush=True)
        _finish(data, member)
    run = members[0].run
    found = {
        "data": str(data),
        "test": str(test),
        "samples": file.samples,
        "shape": list(run.grid.shape),
        "device": jax.default_backend(),
        "training": dataclasses.asdict(run.training) | {"seed": None},
        "versions": versions(),
        **_evaluated(file, rows),
    }
    write_text(out / "sweep.json", json.dumps(found, indent=1) + "\n")
    write_text(out / "sweep.md", markdown(found))
    plots.save(plots.errors_by_time(*costs(found)), out / "sweep.png")
    return found


def _options(
    models: Sequence[str], widths: Sequence[int], config: TrainingConfig
) -> list[tuple[str, ModelConfig]]:
    """Return each model at each width once, after checking that it can be built."""
    found = []
    view = config.view if config.view.inputs else dataclasses.replace(config.view, inputs=("coefficient",))
    for model in dict.fromkeys(models):
        default = options_of(model)
        if widths and _width(default) is None:
            raise InputError(f"--widths: {model} has no option `width`; sweep it by itself, without the flag")
        for width in dict.fromkeys(widths or (None,)):
            try:
                options = default if width is None else dataclasses.replace(default, **{"width": width})
                create(model, options, view, config.precision, seed=0)
                found.append((model, options))
            except (ValueError, InputError) as error:
                raise InputError(f"--widths {width}: {error}" if widths else str(error)) from error
    return found


def _width(options: ModelConfig) -> int | None:
    """Return the width of a model, or None if it has no such option."""
    return vars(options).get("width")


def _begun(
    data: Path,
    out: Path,
    test: DataFile,
    model: str,
    options: ModelConfig,
    seeds: Sequence[int],
    config: TrainingConfig,
) -> list[Member]:
    """Return the runs of a model at a width, one for each seed, after checking that all can be trained and
    evaluated."""
    width = _width(options)
    named = model if width is None else f"{model}-width-{width}"
    run, _ = prepare(data, model, options, config)
    _stride(test, run)
    members = []
    for seed in dict.fromkeys(seeds):
        folder = out / f"{named}-seed-{seed}"
        wanted = dataclasses.replace(run, training=dataclasses.replace(run.training, seed=seed))
        if folder.exists():
            _refuse_another(folder, Run.open(folder), wanted)
        members.append(Member(folder, wanted))
    return members


def _stride(test: DataFile, run: Run) -> int:
    stride = test.stride_to(run.grid.shape[0])
    if not test.grid.strided(stride).matches(run.grid):
        raise InputError(f"{test.path} does not hold the points of the training grid; test on a file that does")
    return stride


def _refuse_another(folder: Path, begun: Run, wanted: Run) -> None:
    if begun.digest != wanted.digest:
        raise InputError(f"{folder} was begun with other data ({begun.data}); give that file, or another --out")
    refuse_changes((wanted.options, wanted.training), begun, folder, "give that, or another --out")


def _finish(data: Path, member: Member) -> None:
    run = member.run
    if not member.folder.exists():
        train(data, member.folder, model=run.model, options=run.options, config=run.training)
    elif not _is_finished(member):
        resume(data, member.folder)


def _is_finished(member: Member) -> bool:
    training = member.run.training
    assert training.epochs is not None  # filled in by prepare
    with Checkpoints(member.folder, member.run.seal, create=False) as checkpoints:
        return training.epochs * steps_an_epoch(member.run.samples, training.batch_size) in checkpoints.steps


def _evaluated(file: DataFile, rows: list[list[Member]]) -> dict[str, Any]:
    """Evaluate all members in one pass over the file; return the coarse solves and the rows of a sweep."""
    members = [member for row in rows for member in row]
    stride = _stride(file, members[0].run)
    solves = CoarseSolves(file, [stride])
    models = [OnTrainingGrid(load(member.folder), file.grid, stride) for member in members]
    compared = compare(file, [stride], [*models, solves], solves.solvable, "evaluate")
    measured = {
        member.folder: {
            **{name: errors[stride]["direct"][name] for name in RELATIVE},
            "milliseconds": milliseconds_a_sample(model.surrogate, "direct", compared.first, stride),
            "seconds": sum(line["seconds"] for line in history(member.folder)),
        }
        for member, model, errors in zip(members, models, compared.errors, strict=False)
    }
    coarse = solves.report(compared.errors[-1], compared)
    return {"coarse": coarse, "rows": [_row(row, measured) for row in rows]}


def _row(row: list[Member], measured: Mapping[Path, dict[str, float]]) -> dict[str, Any]:
    first = row[0].run
    runs = [{"seed": member.run.training.seed, **measured[member.folder]} for member in row]
    values = {name: [each[name] for each in runs] for name in _MEASURED}
    several = len(runs) > 1
    return {
        "model": first.model,
        "width": _width(first.options),
        "parameters": first.parameters,
        "runs": runs,
        "mean": {name: float(np.mean(each)) for name, each in values.items()},
        "deviation": {name: float(np.std(each, ddof=1)) for name, each in values.items()} if several else None,
    }
