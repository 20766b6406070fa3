"""Error against time for one sample of Darcy flow: plain solvers and trained operators in one process.

    python -m benchmarks.accuracy.front FOLDER [--data TRAIN.h5 --test TEST.h5] [--samples 100] [--epochs 12]
        [--pure mano fno unet] [--views stride means upscaled] [--at 31] [--widths 8 16 32] [--corrected 16]
        [--measures "own nodes" "all nodes"] [--json FILE]

Two-phase Darcy flow, 12/3, on 421 x 421 nodes; without --data it is generated first. Every scheme takes the fine
coefficient from memory and counts all it does with it. Plain ones are coarse solves at every stride, with faces
from the strided coefficient and upscaled ones, Richardson's extrapolation of two upscaled solves, the fine
multigrid stopped early, and SuperLU. Trained ones are --pure models with each of --views on the grids of --at,
and learned coarse equations (U-Nets of one level, --widths channels, trained at 31 points a side for 120 epochs)
on all their grids, those of --corrected widths with the solution corrected too. FOLDER keeps data and runs: a
second call goes on where the first was interrupted.

Relative L2 is a mean over --samples test samples, at a scheme's own nodes, and on all 421 x 421 nodes: by cubic
splines, by splines followed by over-relaxation with the fine coefficient, and by splines followed by the fine
multigrid to a relative residual of 1. Milliseconds are medians and quartiles of --rounds calls of one compiled
program each, in groups of 40 that are called in turn, all cores, NumPy in and out; in batches, those of 16
samples on a thread for each core.

A measure's front is the least time at which a scheme reaches an error. Groups differ in pace, as the machine does
and as large programs leave the caches cold for small ones. So for each measure the 40 schemes nearest to the
fronts of plain schemes and of trained operators, of those faster than a converged fine solve, are timed again in
two passes, all in turn: `finalists` has their times over both, each with `pass to pass`, the slower pass by the
faster one. `ahead` lists, for each measure, the intervals of errors in which a trained finalist is faster than
every plain one.
"""

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.accuracy.front.entries import LEARNED_AT, MEASURES, Trained, operators, plain
from benchmarks.accuracy.front.measure import measured, timed_again
from benchmarks.fronts import ahead
from benchmarks.record import command_line, write
from benchmarks.study import kept_run, made
from pde.data import datasets
from pde.equations.darcy.coarse_channels import Informed
from pde.equations.darcy.problem import Darcy
from pde.preprocessing.view import View
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.surrogates.surrogate import Surrogate

VIEWS = {"stride": View(), "means": View(restriction="means"), "upscaled": View(informed="upscaled")}
LEARNED = {"levels": 1, "depth": 1}
BATCHES = {"fno": 5}
"""Samples in a step, where a model does better in the same time with fewer than the default: `equal_time`."""


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=12, help="of --pure models")
    parser.add_argument("--pure", nargs="*", default=["mano", "fno", "unet"])
    parser.add_argument("--views", nargs="*", default=list(VIEWS), choices=VIEWS)
    parser.add_argument("--at", type=int, nargs="*", default=[31])
    parser.add_argument("--widths", type=int, nargs="*", default=[8, 16, 32])
    parser.add_argument("--corrected", type=int, nargs="*", default=[16])
    parser.add_argument("--measures", nargs="+", default=list(MEASURES), choices=MEASURES)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if (arguments.data is None) != (arguments.test is None):
        parser.error("give --data and --test, or neither")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    data = arguments.data or made(arguments.folder / "train.h5", Darcy(), 1000, 0)
    test = datasets.open(arguments.test or made(arguments.folder / "test.h5", Darcy(), 200, 1))
    runs = dict(trained(arguments, data))
    every = [*plain(test.grid), *operators(test.grid, runs)]
    chosen = [each for each in every if set(each.measures) & set(arguments.measures)]
    rows = measured(chosen, test.first(arguments.samples), arguments.rounds)
    final = {measure: timed_again(chosen, rows, measure, test, arguments.rounds) for measure in arguments.measures}
    found = {
        "rows": rows,
        "finalists": final,
        "ahead": {measure: ahead(rows) for measure, rows in final.items()},
        "training": {name: {"seconds": run.seconds, **about(run.surrogate)} for name, run in runs.items()},
        "samples": arguments.samples,
        "rounds": arguments.rounds,
    }
    print(json.dumps(found["ahead"], indent=1))
    write(arguments.json, found)


def trained(arguments: argparse.Namespace, data: Path) -> Iterator[tuple[str, Trained]]:
    """Train the runs, or find them, by name."""

    def run(model: str, options: dict[str, int], **settings: Any) -> tuple[Surrogate, float]:
        config = TrainingConfig(symmetries="all", validation="none", **settings)
        return kept_run(data, arguments.folder, model, config, type(options_of(model))(**options))

    widths: dict[Informed, list[int]] = {"learned": arguments.widths, "learned-corrected": arguments.corrected}
    for informed, of_kind in widths.items():
        for width in of_kind:
            settings = {"resolution": 31, "epochs": 120, "view": View(informed=informed)}
            learned = run("unet", {"width": width, **LEARNED}, **settings)
            yield f"{informed}, width {width}", Trained(*learned, LEARNED_AT)
    for model, view, nodes in itertools.product(arguments.pure, arguments.views, arguments.at):
        settings = {"resolution": nodes, "epochs": arguments.epochs, "view": VIEWS[view]}
        if model in BATCHES:
            settings["batch_size"] = BATCHES[model]
        yield f"{model}, {view}, at {nodes}", Trained(*run(model, {}, **settings), [nodes])


def about(run: Surrogate) -> dict[str, Any]:
    return {"parameters": run.run.parameters, "epochs": run.training.epochs}


if __name__ == "__main__":
    main()
