"""The command line of `manojax train`: its flags depend on the model, and on the run that is resumed."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from tyro.conf import DisallowNone, FlagCreatePairsOff, Positional, Suppress, arg

from manojax import MODELS
from manojax.operators.base import ModelConfig
from pde.commands.parsing import HELP, VERBOSE
from pde.evaluation.validation import coarse_errors
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.runs.run import Run, best_epoch, history, refuse_changes
from pde.system.errors import InputError
from pde.system.numbers import counted, short
from pde.system.processes import Processes, leads
from pde.training.engine.devices import DEFAULT, Division
from pde.training.source import held_out, training_data
from pde.training.tensorboard import TensorBoard
from pde.training.train import resume, train

_UNSAID = Processes()
Value = TypeVar("Value")
Unsaid = Annotated[DisallowNone[Value], arg(help_behavior_hint="")]
"""A flag that is None by default."""
Switch = Annotated[FlagCreatePairsOff[bool], arg(help_behavior_hint="")]
"""A flag without a value, off by default."""
_MODEL = f"Model to train, one of {', '.join(MODELS)}."


@dataclass(frozen=True)
class Train:
    """A parsed `train`."""

    data: Path
    out: Path
    model: str
    resume: bool
    options: ModelConfig
    training: TrainingConfig
    division: Division
    tensorboard: TensorBoard | None = None

    def run(self) -> None:
        watching = nullcontext() if self.tensorboard is None else self.tensorboard.watching(self.out)
        with watching as on_epoch:
            if self.resume and self.out.exists():
                resume(self.data, self.out, division=self.division, on_epoch=on_epoch)
            else:
                train(
                    self.data,
                    self.out,
                    model=self.model,
                    options=self.options,
                    config=self.training,
                    division=self.division,
                    on_epoch=on_epoch,
                )
        if leads():
            self._report(Run.open(self.out))

    def _report(self, run: Run) -> None:
        print(f"{self.out}: {_learnt(run, self.out, self.data)}")
        print(f"manojax evaluate {self.out} TEST.h5 tells how well it does beside plain baselines")
        if run.rejected:
            print(
                f"manojax: errors on the validation samples are not alike under {', '.join(run.rejected)}: "
                "the data may not have that symmetry; compare a run with --symmetries none",
                file=sys.stderr,
            )


def _learnt(run: Run, folder: Path, data: Path) -> str:
    """Describe the result of a run's epochs beside plain baselines on the same samples."""
    epochs = history(folder)
    minutes = sum(line["seconds"] for line in epochs) / 60
    under = f" under {', '.join(run.symmetries)}" if run.symmetries else ""
    trained = f"trained{under} in {counted(len(epochs), 'epoch')} and {minutes:.1f} minutes"
    _, validation = held_out(training_data(data, run.training), run.training)
    if validation is None:
        return f"{trained}; no validation samples"
    errors = best_epoch(epochs)["validation"]
    each = [
        f"{one.name} {short(errors[f'relative_l2 of {one.name}'])}"
        for one in run.quantities
        if len(run.quantities) > 1
    ]
    of_each = f", {', '.join(each)}" if each else ""
    said = [trained, f"least validation error {short(errors['relative_l2'])} (relative L2{of_each})"]
    solves = coarse_errors(*validation, run.grid.shape[0])
    if solves:
        scheme = min(solves, key=solves.__getitem__)
        said.append(f"a plain solve on the same grid ({scheme}) has {solves[scheme]:.2g}")
    finer = run.transfer
    if finer is not None:
        modes = f"{short(finer.direct)} direct and {short(finer.resample)} by resample"
        said.append(f"at {finer.resolution} points a side it is {modes}")
    return "; ".join(said)


def flags(argv: list[str]) -> Callable[..., Train]:
    """Return the flags of `train`: the model that the arguments name decides which options exist, and a run to
    resume their defaults.

    Raises:
        InputError: no model is named, or another one than that of the run to resume; as for `Run.open`.
    """
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--model")
    first.add_argument("--out", type=Path)
    first.add_argument("--resume", action="store_true")
    try:
        given, _ = first.parse_known_args(argv)
    except argparse.ArgumentError:
        given = argparse.Namespace(model=None, out=None, resume=False)  # tyro's message is better
    begun = given.resume and given.out and given.out.exists()
    saved = Run.open(given.out) if begun else None
    name = given.model or (saved.model if saved else None)
    if name is None:
        if not (HELP | {VERBOSE}) & set(argv):
            raise InputError(f"--model is missing; give one of {', '.join(MODELS)}")
        name = "mano"
    defaults = options_of(name)
    if saved is not None and saved.model != name:
        raise InputError(f"--model {name}: {given.out} was begun with {saved.model}; leave the flag out")
    options = saved.options if saved else defaults
    training = saved.training if saved else TrainingConfig()
    command = _flags(name, options, training, saved)
    if given.model is None and saved is None:  # help without the options of a model
        command.__annotations__["architecture"] = Suppress[type(options)]
    return command


def _flags(model: str, options: ModelConfig, training: TrainingConfig, begun: Run | None) -> Callable[..., Train]:
    def command(
        data: Positional[Path],
        *,
        out: Path,
        model: Annotated[str, arg(help=_MODEL)] = model,
        resume: Switch = False,
        tensorboard: Unsaid[Path | None] = None,
        mesh: Unsaid[str | None] = None,
        shard_optimiser: Switch = False,
        processes: Annotated[Processes, arg(name="process")] = _UNSAID,
        architecture: ModelConfig = options,
        training: TrainingConfig = training,
    ) -> Train:
        """Check the flags of `manojax train`.

        Args:
            data: Data file to train on.
            out: Folder to create for the run.
            resume: Continue the run in --out, or begin it if there is none.
            tensorboard: Folder to write metrics to, for TensorBoard; this needs the extra `tensorboard`.
            mesh: Numbers of devices that share a batch and, in MANO, its grid, such as data=4,space=2.
            shard_optimiser: Divide the optimiser's state among devices that share a batch (ZeRO-1).
            processes: The processes of a training on several machines.
            architecture: Options of the model.
            training: Options of the training.
        """
        if begun is not None:
            mend = "leave the flag out, or train into a new folder"
            refuse_changes((architecture, training), begun, out, mend)
        division = DEFAULT if mesh is None else Division.parse(mesh)
        division = dataclasses.replace(division, optimiser=shard_optimiser)
        board = None if tensorboard is None else TensorBoard(tensorboard)
        processes.join()
        return Train(data, out, model, resume, architecture, training, division, board)

    command.__annotations__["architecture"] = type(options)
    return command
