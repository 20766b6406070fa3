"""The data of the settings: files in the folder that a run is given, made there if they can be and are missing."""

from dataclasses import dataclass, replace
from pathlib import Path

from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.system.errors import InputError


@dataclass(frozen=True)
class Data:
    """Names of a training and a test file, and the problem that makes them; without a problem they must be
    there."""

    train: str
    test: str
    problem: Darcy | None = None
    train_samples: int = 1000
    test_samples: int = 200

    def files(self, folder: Path) -> tuple[Path, Path]:
        """The training file (seed 0) and the test file (seed 1); an interrupted one is continued.

        Raises:
            InputError: a file that is missing and cannot be made, or was begun by other versions.
            ArithmeticError: the solver did not converge on a sample.
        """
        counts = {self.train: self.train_samples, self.test: self.test_samples}
        for seed, (name, samples) in enumerate(counts.items()):
            path = folder / name
            if path.exists():
                continue
            if self.problem is None:
                raise InputError(f"{path} is missing; put it there, by manojax convert if its format is another")
            folder.mkdir(parents=True, exist_ok=True)
            generate(self.problem, path, samples=samples, seed=seed, resume=True)
        return folder / self.train, folder / self.test

    def small(self, resolution: int) -> "Data":
        """A few samples of `resolution` points a side, under other names; files that cannot be made stay."""
        if self.problem is None:
            return self
        return replace(
            self,
            train=f"small-{resolution}-{self.train}",
            test=f"small-{resolution}-{self.test}",
            problem=replace(self.problem, resolution=resolution),
            train_samples=4,
            test_samples=2,
        )


NEURALOPERATOR_16 = Data("darcy_neuralop_train_16.h5", "darcy_neuralop_test_16.h5")
CANONICAL_421 = Data("canonical-421-train.h5", "canonical-421-test.h5", Darcy(resolution=421, canonical=True))
NODES_421 = Data("nodes-421-train.h5", "nodes-421-test.h5", Darcy(resolution=421))
