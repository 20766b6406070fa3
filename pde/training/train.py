"""Training runs, begun and resumed."""

import dataclasses
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from manojax.operators.base import ModelConfig
from pde.data.data_file import DataFile
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.runs.run import Run
from pde.surrogates.surrogate import Surrogate, load
from pde.system.errors import InputError
from pde.system.files import folder_aside
from pde.system.locks import alone_in, refuse_taken
from pde.system.processes import led
from pde.training.costs import record_costs
from pde.training.engine.devices import DEFAULT, Division
from pde.training.loop import OnEpoch, fit
from pde.training.prepare import prepare
from pde.training.rejected_symmetries import record_rejected
from pde.training.source import Source, Split, name_of, open_samples, training_data
from pde.training.transfer import record_transfer


def train(
    data: str | Path | DataFile,
    out: str | Path | None = None,
    *,
    model: str = "mano",
    options: ModelConfig | None = None,
    config: TrainingConfig | None = None,
    division: Division = DEFAULT,
    on_epoch: OnEpoch | None = None,
    **settings: Any,
) -> Surrogate:
    """Train a model on a data set, and return the trained surrogate.

        surrogate = pde.train(pde.Dataset(coefficient=a, solution=u, x=x, y=y), model="mano", epochs=20)

    With a folder `out` the training is a run, as `manojax train` makes it, and `resume` continues it. All
    processes that `jax.distributed` has joined train together: each calls this function with the same arguments,
    and files that all of them can read.

    Args:
        data: file or `pde.Dataset` to train on.
        out: run folder to create; by default nothing is kept but the surrogate.
        model: name of the model.
        options: options of the model; by default `model.Config()`.
        config: settings of the training; by default `TrainingConfig()`.
        division: how devices share the work.
        on_epoch: function called after each epoch with its line of metrics.jsonl, such as that of
            `pde.plots.LiveCurves`.
        settings: fields of `config` that replace its own, such as `epochs=20`.

    Raises:
        InputError: no such model, bad data, a folder that exists, or a configuration that does not fit data or
            devices.
        TypeError: a setting that `TrainingConfig` does not have.
        ArithmeticError: loss or gradient was not finite in ten steps in a row.
    """
    wanted = dataclasses.replace(config or TrainingConfig(), **settings)
    source: Source = data if isinstance(data, DataFile) else Path(data)
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            return train(
                source,
                Path(folder) / "run",
                model=model,
                options=options,
                config=wanted,
                division=division,
                on_epoch=on_epoch,
            )
    folder = Path(out)

    def begin() -> tuple[Run, Split]:
        refuse_taken(folder)
        chosen = options_of(model) if options is None else options
        run, split = prepare(source, model, chosen, wanted, division)
        with folder_aside(folder) as aside:
            run.save(aside)
        return run, split

    return _finish(source, folder, led(begin), division, on_epoch)


def resume(
    data: str | Path | DataFile,
    out: str | Path,
    *,
    division: Division = DEFAULT,
    on_epoch: OnEpoch | None = None,
) -> Surrogate:
    """Continue a run from its last checkpoint; the result has the bits of a run never interrupted.

    Raises:
        InputError: no such run, other data than it was begun with, or another process that trains it.
        ArithmeticError: as for `train`.
    """
    source: Source = data if isinstance(data, DataFile) else Path(data)
    folder = Path(out)

    def begin() -> tuple[Run, Split]:
        saved = Run.open(folder)
        run, split = prepare(source, saved.model, saved.options, saved.training, division)
        if run.digest != saved.digest:
            raise InputError(
                f"{name_of(source)} is not the data that {folder} was begun with ({saved.data}); give that file"
            )
        return saved, split

    return _finish(source, folder, led(begin), division, on_epoch)


def _finish(
    data: Source, out: Path, begun: tuple[Run, Split] | None, division: Division, on_epoch: OnEpoch | None
) -> Surrogate:
    """Continue the run that the first process has begun, in all processes together."""
    if begun is None:
        run = Run.open(out)
        begun = run, open_samples(data, run.training)
    run, (training, validation) = begun
    with ExitStack() as held:
        led(lambda: held.enter_context(alone_in(out)))
        fit(run, out, training, validation, division, on_epoch)

        def look_back() -> None:
            if validation is not None:
                record_rejected(out, validation)
            used = training_data(data, run.training)
            record_transfer(out, used)
            record_costs(out, used)

        led(look_back)
    return load(out)
