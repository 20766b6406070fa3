"""The command line: `manojax generate | convert | train | evaluate | predict | info | demo`."""

import argparse
import dataclasses
import difflib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, Positional

from manojax import MODELS
from manojax.base import ModelConfig
from pde import datasets, plots
from pde.conversion import convert
from pde.darcy import Darcy
from pde.datasets import DataFile
from pde.demo import run_demo
from pde.errors import InputError
from pde.evaluation import evaluate, finest_sample, table
from pde.files import refuse_unwritable, write_text
from pde.generation import generate
from pde.info import describe
from pde.prediction import Mode, predict
from pde.runs import Run, TrainingConfig
from pde.surrogate import Surrogate, load
from pde.training import resume, train


@runtime_checkable
class Command(Protocol):
    """A parsed command line."""

    def run(self) -> None: ...


@dataclass(frozen=True)
class Generate:
    """Generate a Darcy data set: random coefficients and finite-difference solutions on nodes."""

    out: Positional[Path]
    """HDF5 file to write."""
    samples: int = 1024
    """Number of samples."""
    seed: int = 0
    """Sample i of a seed is the same whatever the number of samples."""
    problem: Darcy = field(default_factory=Darcy)

    def run(self) -> None:
        generate(self.problem, self.out, samples=self.samples, seed=self.seed)
        print(f"{self.out}: {self.samples} samples, {self.problem.resolution} nodes a side, seed {self.seed}")


@dataclass(frozen=True)
class Train:
    """A parsed `train`."""

    data: Path
    out: Path
    model: str
    resume: bool
    options: ModelConfig
    training: TrainingConfig

    def run(self) -> None:
        if self.resume:
            resume(self.data, self.out)
        else:
            train(self.data, self.out, model=self.model, options=self.options, config=self.training)
        print(f"{self.out}: trained; manojax evaluate {self.out} TEST.h5 tells how well")


def _train_command(model: str, options: ModelConfig, training: TrainingConfig) -> Callable[..., Train]:
    """The flags of `train`: which there are depends on the model, what they default to on a run to resume."""

    def command(
        data: Positional[Path],
        *,
        out: Path,
        model: str = model,
        resume: FlagCreatePairsOff[bool] = False,
        architecture: ModelConfig = options,
        training: TrainingConfig = training,
    ) -> Train:
        """Train an operator on a data set. --model NAME --help shows the options of each model.

        Args:
            data: Data file to train on.
            out: Run folder to create.
            model: mano, fno or vit.
            resume: Go on with the run in --out, with its own configuration.
            architecture: Options of the model.
            training: How it is trained.
        """
        return Train(data, out, model, resume, architecture, training)

    command.__annotations__["architecture"] = type(options)
    return command


@dataclass(frozen=True)
class Source:
    """What a data file without attributes does not say."""

    boundary: Literal["zero", "unknown"] | None = None
    """What is known of the solution on the border, for a file that does not say."""
    domain: tuple[float, float, float, float] | None = None
    """x0 x1 y0 y1 in the unit of the coordinates, for a file that does not say."""

    def open(self, path: Path, surrogate: Surrogate) -> DataFile:
        inputs = surrogate.run.training.inputs
        return datasets.open(path, inputs=inputs, boundary=self.boundary, domain=self.domain)


@dataclass(frozen=True)
class Convert:
    """Rewrite a data file of any format that is read (HDF5, .mat, .pt, .npz) as our HDF5."""

    data: Positional[Path]
    """Data file."""
    out: Positional[Path]
    """HDF5 file to write."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        data = convert(self.data, self.out, boundary=self.source.boundary, domain=self.source.domain)
        print(f"{self.out}: {data.samples} samples from {data.format}")


@dataclass(frozen=True)
class Evaluate:
    """Errors of a trained operator on several grids, beside the resample baseline."""

    run_folder: Positional[Path]
    """Run folder."""
    test: Positional[Path]
    """Data file with solutions."""
    resolutions: tuple[int, ...] = ()
    """Points along axis 1 of each grid; by default the training grid, 2x and 4x, where the file has them."""
    json: Path | None = None
    """Write the table to this file, and plots beside it."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        if self.json is not None:
            refuse_unwritable(self.json)
        surrogate = load(self.run_folder)
        data = self.source.open(self.test, surrogate)
        report = evaluate(surrogate, data, self.resolutions or None)
        print(table([report]))
        if self.json is not None:
            write_text(self.json, json.dumps(report, indent=1) + "\n")
            plots.save(plots.errors_by_grid([report]), self.json.with_name(f"{self.json.stem}-errors.png"))
            finest = max(row["resolution"] for row in report["rows"])
            fields = finest_sample([surrogate], data, finest)
            plots.save(plots.sample_fields(*fields), self.json.with_name(f"{self.json.stem}-sample.png"))


@dataclass(frozen=True)
class Predict:
    """Write the predicted solution for every sample of a file of coefficients."""

    run_folder: Positional[Path]
    """Run folder."""
    data: Positional[Path]
    """Data file; it needs no solutions."""
    out: Positional[Path]
    """HDF5 file to write."""
    mode: Mode = "auto"
    """direct: run on the file's grid; resample: on the training grid, interpolated; auto: direct on the training
    grid, resample elsewhere."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        surrogate = load(self.run_folder)
        mode = predict(surrogate, self.source.open(self.data, surrogate), self.out, self.mode)
        print(f"{self.out}: predicted by {surrogate.run.model}, {mode}")


@dataclass(frozen=True)
class Info:
    """Say what a data file or a run folder is."""

    path: Positional[Path]
    """Data file or run folder."""

    def run(self) -> None:
        print(describe(self.path))


@dataclass(frozen=True)
class Demo:
    """Generate data, train MANO and FNO, evaluate both on finer grids, write a report. Takes minutes."""

    out: Path = Path("demo")
    """Folder to create."""
    seed: int = 0
    """Of data and training."""

    def run(self) -> None:
        run_demo(self.out, self.seed)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all went well, 2 for bad input, 1 for a failed solve, 130 for Ctrl-C."""
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        _parse(argv).run()
    except InputError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written to
        print(f"manojax: error: {error}; free space or choose another place", file=sys.stderr)
        return 2
    except ArithmeticError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = "; add --resume to go on from the last full epoch" if argv[:1] == ["train"] else ""
        print(f"manojax: stopped{again}", file=sys.stderr)
        return 130
    return 0


def _parse(argv: list[str]) -> Command:
    if argv[:1] == ["train"]:
        return _parse_train(argv[1:])
    commands: dict[str, Any] = {
        "generate": Generate,
        "convert": Convert,
        "train": _train_command("mano", MODELS["mano"].Config(), TrainingConfig()),
        "evaluate": Evaluate,
        "predict": Predict,
        "info": Info,
        "demo": Demo,
    }
    return tyro.extras.subcommand_cli_from_dict(
        commands,
        prog="manojax",
        args=argv,
        config=(OmitArgPrefixes,),
        description="Neural operators for PDE surrogates.",
    )


def _parse_train(argv: list[str]) -> Train:
    """The model decides which options there are, and a run to resume decides their defaults."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--model")
    first.add_argument("--out", type=Path)
    first.add_argument("--resume", action="store_true")
    try:
        given, _ = first.parse_known_args(argv)
    except argparse.ArgumentError:
        given = argparse.Namespace(model=None, out=None, resume=False)  # tyro has the better message
    saved = Run.open(given.out) if given.resume and given.out else None
    name = given.model or (saved.model if saved else None)
    if name is None:
        if not {"-h", "--help"} & set(argv):
            raise InputError(f"--model is missing; give one of {', '.join(MODELS)}")
        name = "mano"
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=1, cutoff=0.3)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"--model {name}: there is no such model{hint} (there are {', '.join(MODELS)})")
    if saved is not None and saved.model != name:
        raise InputError(f"--model {name}: {given.out} was begun with {saved.model}; leave the flag out")
    options = saved.options if saved else MODELS[name].Config()
    training = saved.training if saved else TrainingConfig()
    command = _train_command(name, options, training)
    parsed = tyro.cli(command, prog="manojax train", args=argv, config=(OmitArgPrefixes,))
    if saved is not None:
        _refuse_changes(parsed, saved)
    return parsed


def _refuse_changes(parsed: Train, saved: Run) -> None:
    for mine, its in ((parsed.options, saved.options), (parsed.training, saved.training)):
        for name in (f.name for f in dataclasses.fields(mine)):
            if getattr(mine, name) != getattr(its, name):
                raise InputError(
                    f"--{name.replace('_', '-')} {getattr(mine, name)}: {parsed.out} was begun with "
                    f"{getattr(its, name)}; leave the flag out, or train into a new folder"
                )
