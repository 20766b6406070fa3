"""Training runs, begun and resumed."""

from contextlib import ExitStack
from pathlib import Path

from manojax.operators.base import ModelConfig
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.runs.run import Run
from pde.system.errors import InputError
from pde.system.files import folder_aside, refuse_existing
from pde.system.locks import alone_in
from pde.system.processes import led
from pde.training.engine.devices import DEFAULT, Division
from pde.training.loop import OnEpoch, fit
from pde.training.prepare import (
    Split,
    open_samples,
    prepare,
    training_data,
)
from pde.training.symmetry_doubts import record_doubts
from pde.training.transfer import record_transfer


def train(
    data: Path,
    out: Path,
    *,
    model: str = "mano",
    options: ModelConfig | None = None,
    config: TrainingConfig | None = None,
    division: Division = DEFAULT,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Train a model on a data file into a new run folder.

    Over the devices of all processes that `jax.distributed` has joined: each calls this, with the same arguments
    and files that all can see.

    Args:
        data: file to train on.
        out: folder to create.
        model: name of the model.
        options: its options; by default those of `model.Config()`.
        config: how it is trained; by default `TrainingConfig()`.
        division: how devices share the work.
        on_epoch: called after each epoch with its line of metrics.jsonl, such as `pde.plots.live.LiveCurves`.

    Raises:
        InputError: no such model, bad data, a folder that exists, or a configuration that does not fit data or
            devices.
        ArithmeticError: loss or gradient was not finite in ten steps in a row.
    """

    def begin() -> tuple[Run, Split]:
        refuse_existing(out)
        chosen = options_of(model) if options is None else options
        run, parts = prepare(data, model, chosen, config or TrainingConfig(), division)
        with folder_aside(out) as aside:
            run.save(aside)
        return run, parts

    _finish(data, out, led(begin), division, on_epoch)


def resume(data: Path, out: Path, *, division: Division = DEFAULT, on_epoch: OnEpoch | None = None) -> None:
    """Go on with a run from its last checkpoint; the result has the bits of a run never interrupted.

    Raises:
        InputError: no run there, other data than it was begun with, or another process at it.
        ArithmeticError: as for `train`.
    """

    def begin() -> tuple[Run, Split]:
        saved = Run.open(out)
        run, parts = prepare(data, saved.model, saved.options, saved.training, division)
        if run.digest != saved.digest:
            raise InputError(f"{data} is not the data that {out} was begun with ({saved.data}); give that file")
        return saved, parts

    _finish(data, out, led(begin), division, on_epoch)


def _finish(
    data: Path, out: Path, begun: tuple[Run, Split] | None, division: Division, on_epoch: OnEpoch | None
) -> None:
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
                record_doubts(out, validation)
            record_transfer(out, training_data(data, run.training))

        led(look_back)
