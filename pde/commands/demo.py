"""`manojax demo`: data, two operators, and their errors on grids they never saw."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pde.data import datasets
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.reports.html import Report, Tested, write_report
from pde.reports.text import details, table
from pde.runs.config import TrainingConfig
from pde.runs.run import history
from pde.system.errors import check_seed
from pde.system.files import refuse_existing, write_text
from pde.training.train import train

TITLE = "Darcy flow: operators on grids they never saw"
FINE, TRAINED = 241, 31
RESOLUTIONS = (31, 61, 121)
TRAIN_SAMPLES, TEST_SAMPLES = 1000, 50
EPOCHS = {"mano": 20, "fno": 25}  # about three and two minutes on two cores


@dataclass(frozen=True)
class Demo:
    """The flags of `manojax demo`."""

    out: Path = Path("demo")
    """Folder to create."""
    seed: int = 0
    """Seed of the data and of training."""

    def run(self) -> None:
        run_demo(self.out, self.seed)


def run_demo(out: Path, seed: int) -> None:
    """Write `out`/report.html and `out`/evaluation.json, with data and runs beside them.

    Each sample is solved once on FINE nodes a side. Both operators are trained on its stride of TRAINED points,
    and evaluated there and, with the same weights, on grids two and four times as fine.

    Raises:
        InputError: `out` exists.
    """
    refuse_existing(out)
    check_seed(seed + 1)  # the seed of the test samples
    out.mkdir(parents=True)
    seconds: dict[str, float] = {}
    law = Darcy(resolution=FINE)
    train_file, test_file = out / "train.h5", out / "test.h5"

    print(f"1/4 Generating {TRAIN_SAMPLES + TEST_SAMPLES} Darcy samples on {FINE} x {FINE} nodes", flush=True)
    with _timed(seconds, "generate"):
        generate(law, train_file, samples=TRAIN_SAMPLES, seed=seed)
        generate(law, test_file, samples=TEST_SAMPLES, seed=seed + 1)

    surrogates = []
    for step, (name, epochs) in enumerate(EPOCHS.items(), start=2):
        print(f"{step}/4 Training {name.upper()} on a {TRAINED} x {TRAINED} stride of them", flush=True)
        config = TrainingConfig(resolution=TRAINED, epochs=epochs, seed=seed)
        with _timed(seconds, f"train {name}"):
            surrogates.append(train(train_file, out / name, model=name, config=config))

    print(f"4/4 Evaluating at {', '.join(map(str, RESOLUTIONS))} points a side", flush=True)
    data = datasets.open(test_file)
    with _timed(seconds, "evaluate"):
        tested = Tested.on(surrogates, data, RESOLUTIONS)
    reports, coarse = tested.reports, tested.coarse
    write_text(out / "evaluation.json", json.dumps({"models": reports, "coarse": coarse}, indent=1) + "\n")
    histories = {s.run.model: history(out / s.run.model) for s in surrogates}
    generated = {**law.attributes(), "nodes a side": FINE, "training seed": seed, "test seed": seed + 1}
    runs = [surrogate.run for surrogate in surrogates]
    report = Report(TITLE, runs, histories, tested, generated=generated, seconds=seconds)
    write_report(out / "report.html", report)
    print(f"\n{table(reports, coarse)}\n\n{details(reports, coarse)}\n\nReport: {out / 'report.html'}")


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started
