"""The command line: `manojax generate | merge | convert | train | evaluate | predict | info | demo`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, Positional

from manojax import MODELS
from pde import datasets, plots
from pde.coarse_baseline import coarse_baseline, errors_by_faces
from pde.conversion import convert
from pde.darcy import Darcy
from pde.datasets import DataFile
from pde.demo import run_demo
from pde.errors import InputError
from pde.evaluation import evaluate, finest_sample, worst_samples
from pde.files import refuse_unwritable, write_text
from pde.generation import generate
from pde.info import describe
from pde.interrupts import Terminated
from pde.merging import merge
from pde.prediction import Mode, predict
from pde.ranges import Shard, parse_splits
from pde.runs import TrainingConfig
from pde.surrogate import Surrogate, load
from pde.tables import details, left_out, table
from pde.train_command import parse_train, train_command


@runtime_checkable
class Command(Protocol):
    """A parsed command line."""

    def run(self) -> None: ...


@dataclass(frozen=True)
class Generate:
    """Generate a Darcy data set: random coefficients and finite-difference solutions."""

    out: Positional[Path]
    """HDF5 file to write."""
    samples: int | None = None
    """Number of samples; 1024 where neither this nor --splits is given."""
    splits: str | None = None
    """name=count,name=count: consecutive samples to OUT-name.h5 each, for example train=1000,test=200."""
    shard: str | None = None
    """i/n: only the i-th of n parts, to OUT-shard-i-of-n.h5, for manojax merge; i from 1 to n."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on with what was broken off; what is whole already is kept."""
    seed: int = 0
    """Sample i of a seed is the same whatever the number of samples."""
    problem: FlagCreatePairsOff[Darcy] = field(default_factory=Darcy)

    def run(self) -> None:
        if self.samples is not None and self.splits is not None:
            raise InputError("--samples and --splits both say how many samples; leave one out")
        samples = parse_splits(self.splits) if self.splits is not None else self.samples
        parts = generate(
            self.problem,
            self.out,
            samples=1024 if samples is None else samples,
            seed=self.seed,
            shard=None if self.shard is None else Shard.parse(self.shard),
            resume=self.resume,
        )
        for part in parts:
            first, last = part.indices[0], part.indices[-1]
            size, points = self.problem.resolution, self.problem.centring
            print(f"{part.path}: samples {first} to {last} of seed {self.seed}, {size} {points} a side")


@dataclass(frozen=True)
class Merge:
    """Join the shards of a data set to the file that one process would have written."""

    out: Positional[Path]
    """HDF5 file to write."""
    shards: Positional[tuple[Path, ...]]
    """All shards of one data set, in any order."""

    def run(self) -> None:
        print(f"{self.out}: {merge(self.out, self.shards)} samples from {len(self.shards)} shards")


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
    """Errors of a trained operator on several grids, beside the resample baseline and coarse solves."""

    run_folder: Positional[Path]
    """Run folder."""
    test: Positional[Path]
    """Data file with solutions."""
    resolutions: tuple[int, ...] = ()
    """Points along axis 1 of each grid; by default the training grid, 2x and 4x, where the file has them. The
    file's own grid adds residuals."""
    json: Path | None = None
    """Write all numbers to this file, and plots beside it: errors, one sample, the worst samples."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Predict by the mean over the flips and transposes that the run was trained under, up to eight, as far as a
    grid has them: more accurate, and as many times slower."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        if self.json is not None:
            refuse_unwritable(self.json)
        surrogate = load(self.run_folder, symmetric=self.symmetries)
        data = self.source.open(self.test, surrogate)
        report = evaluate(surrogate, data, self.resolutions or None)
        coarse = coarse_baseline(data, [row["resolution"] for row in report["rows"]])
        for sentence in left_out(report):
            print(f"manojax: {sentence}", file=sys.stderr)
        print(f"{table([report], coarse)}\n\n{details([report], coarse)}")
        if self.json is not None:
            write_text(self.json, json.dumps(report | {"coarse": coarse}, indent=1) + "\n")
            finest = max(row["resolution"] for row in report["rows"])
            figures = {
                "errors": plots.errors_by_grid([report], errors_by_faces(coarse)),
                "sample": plots.sample_fields(*finest_sample([surrogate], data, finest)),
                "worst": plots.worst_samples(*worst_samples(surrogate, data, report)),
            }
            for name, figure in figures.items():
                plots.save(figure, self.json.with_name(f"{self.json.stem}-{name}.png"))


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
    grid, on finer ones what did better in training's own validation there, else resample."""
    polish: float | None = None
    """Go on from the prediction with conjugate gradients to this relative residual of -div(a grad u) = 1, such as
    1e-6, and write the residual of every sample as well."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Predict by the mean over the flips and transposes that the run was trained under, up to eight, as far as a
    grid has them: more accurate, and as many times slower."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        surrogate = load(self.run_folder, symmetric=self.symmetries)
        data = self.source.open(self.data, surrogate)
        predicted = predict(surrogate, data, self.out, self.mode, self.polish)
        print(f"{self.out}: predicted by {surrogate.run.model}, {predicted.mode}")
        if self.polish is not None:
            print(
                f"polished to a relative residual of {self.polish:g} in {predicted.iterations:.1f} iterations a "
                f"sample; from zero the first takes {predicted.cold}"
            )


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


_AGAIN = {
    "generate": "; add --resume to go on from the last sample",
    "train": "; add --resume to go on",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all went well, 2 for bad input, 1 for a failed solve, 130 for Ctrl-C,
    143 for SIGTERM."""
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        _parse(argv).run()
    except InputError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written to
        reason = " ".join(str(error).split())  # HDF5 breaks its lines
        print(f"manojax: error: {reason}; free space or choose another place", file=sys.stderr)
        return 2
    except ArithmeticError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Terminated) as stop:
        print(f"manojax: stopped{_AGAIN.get(''.join(argv[:1]), '')}", file=sys.stderr)
        return 143 if isinstance(stop, Terminated) else 130
    return 0


def _parse(argv: list[str]) -> Command:
    if argv[:1] == ["train"]:
        return parse_train(argv[1:])
    commands: dict[str, Any] = {
        "generate": Generate,
        "merge": Merge,
        "convert": Convert,
        "train": train_command("mano", MODELS["mano"].Config(), TrainingConfig()),
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
