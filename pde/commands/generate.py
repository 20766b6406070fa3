"""`manojax generate`."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde.darcy import Darcy
from pde.errors import InputError
from pde.generation import generate
from pde.ranges import Shard, parse_splits


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
