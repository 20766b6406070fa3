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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import jax
import numpy as np
from jaxtyping import Float

from benchmarks.accuracy import schemes
from benchmarks.accuracy.schemes import Scheme, compiled
from benchmarks.record import command_line, write
from benchmarks.study import kept_run, made
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.equations.darcy.coarse_channels import Informed
from pde.equations.darcy.coarse_nodes import CoarseFaces
from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.preprocessing.view import View
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.surrogates.surrogate import Surrogate
from pde.system.machine import cores
from pde.system.timing import medians_in_turn, times_in_turn

VIEWS = {"stride": View(), "means": View(restriction="means"), "upscaled": View(informed="upscaled")}
LEARNED = {"levels": 1, "depth": 1}
LEARNED_AT = (16, 22, 31, 43, 61, 85, 141)
MEASURES = ("own nodes", "all nodes")
TOLERANCES = (0.3, 0.1, 0.01, 1e-10)
CONVERGED = 1e-6
"""Relative L2 at which a scheme is as good as the data."""
BATCH = 16
GROUP = 40
"""Programs kept at the same time: each takes up to 1500 memory maps, of which Linux gives a process 65530."""
Call = Callable[[Float[np.ndarray, "height width"]], Float[np.ndarray, "rows columns"]]


class Entry(NamedTuple):
    """One scheme that gives a solution on some nodes: its names, and its program."""

    family: str
    nodes: int
    carried_by: str
    """How the solution reaches all nodes; empty if it stays on the scheme's own."""
    measures: tuple[str, ...]
    """Where its error counts; at a fine scheme's own nodes and at all nodes it is the same."""
    trained: bool
    call: Call


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


class Trained(NamedTuple):
    """A run, the seconds of its training, and the grids that it is measured on."""

    surrogate: Surrogate
    seconds: float
    grids: Sequence[int]


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
        yield f"{model}, {view}, at {nodes}", Trained(*run(model, {}, **settings), [nodes])


def about(run: Surrogate) -> dict[str, Any]:
    return {"parameters": run.run.parameters, "epochs": run.training.epochs}


def plain(fine: Grid) -> Iterator[Entry]:
    """Schemes that take no training."""
    for nodes in fine.resolutions():
        stride = fine.stride_to(nodes)
        if stride == 1 or nodes < min(LEARNED_AT):
            continue
        for faces in get_args(CoarseFaces):
            scheme = schemes.coarse(fine, stride, faces)
            only = ("", "splines") if faces == "mean" else ("",)
            yield from entries(faces, nodes, scheme, fine, stride, trained=False, only=only)
        by_rows = schemes.by_rows(fine, stride)
        yield from entries("upscaled, sums by rows", nodes, by_rows, fine, stride, trained=False)
        coarser = (nodes + 1) // 2
        if coarser in fine.resolutions() and coarser >= min(LEARNED_AT):
            scheme = schemes.extrapolated(fine, stride)
            yield from entries("extrapolated", coarser, scheme, fine, 2 * stride, trained=False)
    for tolerance in TOLERANCES:
        for precision in ("double", "single"):
            call = compiled(schemes.multigrid(fine, tolerance, precision))
            name = f"multigrid to {tolerance:g}, {precision}"
            yield Entry(name, fine.shape[0], "", MEASURES, False, call)
    yield Entry("SuperLU", fine.shape[0], "", MEASURES, False, schemes.superlu(fine))


def operators(fine: Grid, runs: dict[str, Trained]) -> Iterator[Entry]:
    for name, run in runs.items():
        for nodes in run.grids:
            stride = fine.stride_to(nodes)
            scheme = schemes.operator(run.surrogate, fine, stride)
            yield from entries(name, nodes, scheme, fine, stride, trained=True)


def entries(
    family: str,
    nodes: int,
    scheme: Scheme,
    fine: Grid,
    stride: int,
    *,
    trained: bool,
    only: Iterable[str] = ("", "splines", "relaxation", "multigrid"),
) -> Iterator[Entry]:
    """A coarse scheme at its own nodes, and by each interpolation on all nodes."""
    programs = {
        "": scheme,
        "splines": schemes.by_splines(scheme, fine, stride),
        "relaxation": schemes.by_relaxation(scheme, fine, stride),
        "multigrid": schemes.by_multigrid(scheme, fine, stride, 1.0),
    }
    for name in only:
        yield Entry(family, nodes, name, (MEASURES[bool(name)],), trained, compiled(programs[name]))


def measured(entries: list[Entry], test: DataFile, rounds: int) -> list[dict[str, Any]]:
    """Measure errors and times of all entries, group by group."""
    inputs, solutions = test.read_inputs()[..., 0], test.read_solution()[..., 0]
    rows = []
    for first in range(0, len(entries), GROUP):
        rows += _measured_in_turn(entries[first : first + GROUP], inputs, solutions, rounds)
        jax.clear_caches()
    return rows


def _measured_in_turn(
    entries: list[Entry],
    inputs: Float[np.ndarray, "sample height width"],
    solutions: Float[np.ndarray, "sample height width"],
    rounds: int,
) -> list[dict[str, Any]]:
    def measure(entry: Entry) -> dict[str, Any]:
        errors = [_error(entry.call(a), u) for a, u in zip(inputs, solutions, strict=True)]
        print(f"{entry.family:28} {entry.nodes:4} {entry.carried_by:11} {np.mean(errors):.5f}", flush=True)
        return {
            "family": entry.family,
            "nodes": entry.nodes,
            "carried by": entry.carried_by,
            "measures": entry.measures,
            "trained": entry.trained,
            "relative_l2": float(np.mean(errors)),
        }

    with ThreadPoolExecutor(cores()) as pool:  # compilation takes most of the time
        rows = list(pool.map(measure, entries))
    singles, batches = _times(entries, inputs, rounds)
    return [row | _described(*times) for row, *times in zip(rows, singles, batches, strict=True)]


def timed_again(
    entries: list[Entry], rows: list[dict[str, Any]], measure: str, test: DataFile, rounds: int
) -> list[dict[str, Any]]:
    """Time the schemes near a measure's fronts again, in turn; return their rows, with times over two passes."""
    chosen = finalists(rows, measure)
    calls, inputs = [entries[number] for number in chosen], test.first(BATCH).read_inputs()[..., 0]
    passes = [_times(calls, inputs, rounds) for _ in range(2)]
    singles = np.concatenate([single for single, _ in passes], axis=1)
    batches = np.mean([batch for _, batch in passes], axis=0)
    medians = np.array([np.median(single, axis=1) for single, _ in passes])
    ratios = (medians.max(axis=0) / medians.min(axis=0)).tolist()
    jax.clear_caches()
    return [
        rows[number] | _described(*times) | {"pass to pass": ratio}
        for number, ratio, *times in zip(chosen, ratios, singles, batches, strict=True)
    ]


def finalists(rows: list[dict[str, Any]], measure: str) -> list[int]:
    """Return the numbers of the `GROUP` rows nearest to a measure's fronts, plain and trained.

    None takes longer than a converged solve.
    """
    chosen = [row for row in rows if measure in row["measures"]]
    longest = _least(chosen, CONVERGED, trained=False)
    distances = {
        number: row["milliseconds"] / _least(chosen, row["relative_l2"], row["trained"])
        for number, row in enumerate(rows)
        if measure in row["measures"] and row["milliseconds"] <= longest
    }
    return sorted(distances, key=lambda number: distances[number])[:GROUP]


def _times(
    entries: list[Entry], inputs: Float[np.ndarray, "sample height width"], rounds: int
) -> tuple[Float[np.ndarray, "entry round"], Float[np.ndarray, " entry"]]:
    """Return milliseconds of single calls, and their medians for a sample in batches."""
    singles = times_in_turn([partial(entry.call, inputs[0]) for entry in entries], rounds)
    batch = list(inputs[:BATCH])
    with ThreadPoolExecutor(cores()) as pool:
        calls = [lambda call=entry.call: list(pool.map(call, batch)) for entry in entries]
        in_batches = medians_in_turn(calls, max(3, rounds // 5))
    return singles.T, np.array(in_batches) / len(batch)


def _described(single: Float[np.ndarray, " round"], in_batches: float) -> dict[str, Any]:
    low, middle, high = np.percentile(single, [25, 50, 75]).tolist()
    return {"milliseconds": middle, "quartiles": [low, high], "milliseconds in batches": float(in_batches)}


def _error(found: Float[np.ndarray, "rows columns"], true: Float[np.ndarray, "height width"]) -> float:
    stride = (len(true) - 1) // (len(found) - 1)
    at_nodes = true[::stride, ::stride]
    return float(np.linalg.norm(found - at_nodes) / np.linalg.norm(at_nodes))


def ahead(rows: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Intervals of errors in which the fastest trained operator is faster than the fastest plain scheme.

    `gain` is the smallest ratio of their times in the interval.
    """
    errors = sorted({row["relative_l2"] for row in rows}, reverse=True)
    found: list[dict[str, float]] = []
    joined = False
    for upper, lower in itertools.pairwise([*errors, 0.0]):
        # Whoever asks for an error between the two needs a scheme of at most the lower one.
        fast, plain = (_least(rows, lower, kind) for kind in (True, False))
        gain = plain / fast
        if gain > 1 and joined:
            found[-1] |= {"to": lower, "gain": min(gain, found[-1]["gain"])}
        elif gain > 1:
            found.append({"from": upper, "to": lower, "gain": gain})
        joined = gain > 1
    return [{**each, "factor": each["from"] / max(each["to"], errors[-1])} for each in found]


def _least(rows: list[dict[str, Any]], error: float, trained: bool) -> float:
    times = (row["milliseconds"] for row in rows if row["trained"] == trained and row["relative_l2"] <= error)
    return min(times, default=float("inf"))


if __name__ == "__main__":
    main()
