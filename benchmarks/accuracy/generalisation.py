"""How do errors depend on the number of training samples, on the law of the coefficient and on the seed?

    python -m benchmarks.accuracy.generalisation --folder DIR [--models mano fno] [--json FILE]

Darcy flow on 421 x 421 nodes, strided to 31 x 31; relative L2, mean over 200 test samples. Models are trained with
`--symmetries` and the other defaults of `manojax train`, each for the same number of optimiser steps, on the first
samples of one file of two-phase fields, 12/3, tau 3. Of these a tenth is held out, as always. Three tables:

- errors by the number of training samples, with the first seed;
- errors on other laws of the model of `--reference` samples and the first seed: contrasts, both phases doubled
  (24/6, with half the solution), the inverse length scale tau, three phases, log-normal fields of the same median
  and deviation of log a as 12/3 has (log-normal) and of contrasts of thousands (log-normal-6); the seed of their
  Gaussian fields is the same;
- errors of `--reference` samples over an ensemble of seeds, and the error of the mean of their predictions.

Beside the first two stands the mean of the coarse solves of the strided coefficient with arithmetic and with
harmonic faces, on the same test samples.

DIR keeps data and runs: repeating an interrupted call continues it.

Found (`results/generalisation.json`): with 100, 1000 and 10,000 samples MANO has 0.0199, 0.0122 and 0.0116, FNO
0.0195, 0.0133 and 0.0129, coarse solves 0.0115; over three seeds MANO has 0.0121 +- 0.0002, FNO 0.0136 +- 0.0003.
If only tau differs they follow coarse solves within a fifth; if values of the coefficient differ, errors are 0.08
to 5.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from benchmarks.accuracy.laws import LAWS
from benchmarks.record import command_line, write
from benchmarks.study import train_to_the_end
from manojax import MODELS
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.data.generate import generate
from pde.equations.darcy.equation import DARCY
from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.grids.kinds import Kinds
from pde.grids.outputs import Output
from pde.metrics import mean_errors, sample_errors
from pde.runs.config import TrainingConfig
from pde.surrogates.surrogate import Surrogate
from pde.training.prepare import steps_an_epoch

TRAINED = "12/3"
Table = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Strided:
    """A problem that keeps a stride of its fine solves: 10,000 samples of 421 x 421 would take 14 GB."""

    inputs: ClassVar[tuple[str, ...]] = Darcy.inputs
    kinds: ClassVar[Kinds] = Darcy.kinds
    has_residual: ClassVar[bool] = Darcy.has_residual
    problem: Darcy
    stride: int

    @property
    def grid(self) -> Grid:
        return self.problem.grid.strided(self.stride)

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.problem.outputs

    def attributes(self) -> dict[str, str | float]:
        return self.problem.attributes() | {"strided_from": self.problem.resolution}

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        kept = np.s_[:: self.stride, :: self.stride]
        for sample in self.problem.samples(seed, indices):
            yield sample | {name: sample[name][kept] for name in ("coefficient", "solution")}


@dataclass(frozen=True)
class Study:
    """Data and runs of one folder, made on demand."""

    arguments: argparse.Namespace

    def data(self, part: str, law: str, samples: int, seed: int) -> Path:
        problem = Darcy(resolution=self.arguments.nodes, **LAWS.get(law, {}))
        stride = problem.grid.stride_to(self.arguments.resolution)
        path = self.arguments.folder / f"{part}-{law.replace('/', '-')}-{samples}.h5"
        generate(Strided(problem, stride), path, samples=samples, seed=seed, resume=True)
        return path

    def test(self, law: str) -> DataFile:
        return datasets.open(self.data("test", law, self.arguments.test_samples, seed=1))

    def surrogate(self, model: str, samples: int, seed: int) -> Surrogate:
        largest = max(*self.arguments.samples, self.arguments.reference)
        data = self.data("train", TRAINED, largest, seed=0)
        an_epoch = steps_an_epoch(samples - max(1, samples // 10), TrainingConfig().batch_size)
        epochs = max(1, round(self.arguments.steps / an_epoch))
        config = TrainingConfig(train_samples=samples, epochs=epochs, symmetries="all", seed=seed)
        out = self.arguments.folder / f"{model}-{samples}-samples-{epochs}-epochs-seed-{seed}"
        return train_to_the_end(data, out, model, config)


def relative_l2(predicted: np.ndarray, data: DataFile) -> float:
    return mean_errors([sample_errors(predicted, data.read_outputs(), data.grid.axes)])["relative_l2"]


def errors(runs: dict[str, Surrogate], data: DataFile) -> dict[str, float]:
    return {name: relative_l2(run.predict(data.read_inputs(), data.grid), data) for name, run in runs.items()}


def coarse(data: DataFile) -> dict[str, float]:
    solved = np.stack([DARCY.solve("mean", [a], data.grid, 1) for a in data.read("coefficient")])
    return {"coarse solves": relative_l2(solved.astype(np.float32), data)}


def by_samples(study: Study) -> Table:
    test, seed = study.test(TRAINED), study.arguments.seeds[0]
    solved, table = coarse(test), {}
    for n in study.arguments.samples:
        runs = {model: study.surrogate(model, n, seed) for model in study.arguments.models}
        table[f"{n} samples"] = errors(runs, test) | solved
    return table


def by_law(study: Study, runs: dict[str, list[Surrogate]]) -> Table:
    first = {model: surrogates[0] for model, surrogates in runs.items()}
    tests = {law: study.test(law) for law in (TRAINED, *study.arguments.laws)}
    return {law: errors(first, test) | coarse(test) for law, test in tests.items()}


def by_seed(study: Study, runs: dict[str, list[Surrogate]]) -> Table:
    test, columns = study.test(TRAINED), {}
    for model, surrogates in runs.items():
        predicted = [surrogate.predict(test.read_inputs(), test.grid) for surrogate in surrogates]
        each = [relative_l2(fields, test) for fields in predicted]
        columns[model] = {f"seed {seed}": e for seed, e in zip(study.arguments.seeds, each, strict=True)}
        columns[model] |= {"mean": float(np.mean(each)), "deviation": float(np.std(each, ddof=1))}
        columns[model] |= {"mean of predictions": relative_l2(np.mean(predicted, axis=0), test)}
    return {name: {m: columns[m][name] for m in columns} for name in columns[study.arguments.models[0]]}


def study_all(arguments: argparse.Namespace) -> Iterator[tuple[str, Table, dict[str, int]]]:
    """Name, rows and parameter counts of each table."""
    study = Study(arguments)
    first = by_samples(study)
    runs = {
        m: [study.surrogate(m, arguments.reference, seed) for seed in arguments.seeds] for m in arguments.models
    }
    parameters = {model: surrogates[0].run.parameters for model, surrogates in runs.items()}
    yield f"by training samples of {TRAINED}", first, parameters
    trained = f"trained on {arguments.reference} samples of {TRAINED}"
    yield f"by law, {trained}", by_law(study, runs), parameters
    if len(arguments.seeds) > 1:
        yield f"by seed, {trained}", by_seed(study, runs), parameters


def show(title: str, table: Table, parameters: dict[str, int]) -> None:
    columns = next(iter(table.values()))
    print(f"\n{title}\n{'':20}" + "".join(f"{name:>16}" for name in columns))
    print(f"{'parameters':20}" + "".join(f"{parameters.get(name, 'none'):>16}" for name in columns))
    for name, row in table.items():
        print(f"{name:20}" + "".join(f"{value:16.4f}" for value in row.values()), flush=True)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=["mano", "fno"], choices=MODELS)
    parser.add_argument("--nodes", type=int, default=421)
    parser.add_argument("--resolution", type=int, default=31)
    parser.add_argument("--samples", type=int, nargs="+", default=[100, 300, 1000, 3000, 10000])
    parser.add_argument("--reference", type=int, default=1000)
    parser.add_argument("--test-samples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=5400, help="rounded to epochs; the default needs no rounding")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="two or more for the last table")
    parser.add_argument("--laws", nargs="*", default=list(LAWS), choices=LAWS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    settings = {name: value for name, value in vars(arguments).items() if name not in ("folder", "json")}
    tables = {}
    metric = (
        f"relative L2, mean over {arguments.test_samples} test samples, {arguments.nodes} nodes a side "
        f"strided to {arguments.resolution}, {arguments.steps} steps"
    )
    for name, table, parameters in study_all(arguments):
        show(f"{name}: {metric}", table, parameters)
        tables[name] = table
        report = {"metric": metric, "tables": tables, "parameters": parameters, "settings": settings}
        write(arguments.json, report)


if __name__ == "__main__":
    main()
