"""`manojax generate`: its flags depend on the equation."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from pde.data.generate import generate
from pde.data.shards import Shard, parse_splits
from pde.equations.equation import Problem
from pde.equations.registry import EQUATIONS, find
from pde.system.errors import InputError

DEFAULT = "darcy"
Law = TypeVar("Law", bound=Problem)


@dataclass(frozen=True)
class Generate(Generic[Law]):
    """The flags of `manojax generate` for an equation."""

    out: Positional[Path]
    """HDF5 file to write."""
    equation: Annotated[str, tyro.conf.arg(metavar="|".join(EQUATIONS))] = DEFAULT
    """Equation to solve."""
    samples: int | None = None
    """Number of samples, by default 1024; --splits replaces this flag."""
    splits: str | None = None
    """Write several files: with train=1000,test=200 the first 1000 samples go to OUT-train.h5 and the next 200 to
    OUT-test.h5."""
    shard: str | None = None
    """Write one of several parts: 1/4, the first of four, goes to OUT-shard-1-of-4.h5. `manojax merge` joins the
    parts."""
    resume: FlagCreatePairsOff[bool] = False
    """Continue an interrupted command; complete files stay as they are."""
    seed: int = 0
    """Seed of the samples. Sample i of a seed does not depend on the number of samples."""
    problem: FlagCreatePairsOff[Law] = field(kw_only=True)

    def run(self) -> None:
        if self.samples is not None and self.splits is not None:
            raise InputError("--samples and --splits both say how many samples; leave one out")
        samples = parse_splits(self.splits) if self.splits is not None else self.samples
        outputs = generate(
            self.problem,
            self.out,
            samples=1024 if samples is None else samples,
            seed=self.seed,
            shard=None if self.shard is None else Shard.parse(self.shard),
            resume=self.resume,
            equation=None if self.equation in EQUATIONS else self.equation,
        )
        grid = self.problem.grid
        for output in outputs:
            first, last = output.indices[0], output.indices[-1]
            size, points = grid.shape[0], "nodes" if grid.on_nodes else "cells"
            shard = "" if self.shard is None else f" (shard {self.shard}; `manojax merge` joins them)"
            print(f"{output.path}{shard}: samples {first} to {last} of seed {self.seed}, {size} {points} a side")


def flags(argv: list[str]) -> Any:
    """Return the flags of `generate`; the equation that the arguments name decides which options exist."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--equation", default=DEFAULT)
    try:
        name = first.parse_known_args(argv)[0].equation
    except argparse.ArgumentError:
        name = DEFAULT  # tyro's message is better
    return Generate[find(name).problem]
