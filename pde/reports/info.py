"""Descriptions of a data file or a run folder in a few lines."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pde.data import datasets
from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.grids.outputs import Output, said_of
from pde.preprocessing.view import View
from pde.runs.checkpoints import Checkpoints
from pde.runs.run import Run, best_epoch, described, history
from pde.system.numbers import short
from pde.training.prepare import steps_an_epoch


def describe(path: Path) -> str:
    """Describe a data file or a run in at most ten lines.

    Raises:
        InputError: no such path, or neither a data file nor a run.
    """
    lines = _run(path) if path.is_dir() else _data(datasets.open(path))
    return "\n".join(f"{name:<13}{value}" for name, value in lines)


def facts(path: Path) -> dict[str, Any]:
    """Describe a file or run for scripts, as plain values; for a run, run.json and `history`, a line an epoch.

    Raises:
        InputError: as for `describe`.
    """
    if path.is_dir():
        epochs = history(path)
        return json.loads((path / "run.json").read_text(encoding="utf-8")) | {"history": epochs}
    data = datasets.open(path)
    residual = data.read_residual()
    return {
        "path": str(path),
        "format": data.format,
        "samples": data.samples,
        "fields": {name: list(each.shape) for name, each in data.fields.items()},
        "grid": data.grid.to_json(),
        "inputs": data.inputs,
        "outputs": {output.name: output.borders for output in data.outputs},
        "resolutions": data.grid.resolutions(),
        "attributes": {name: np.asarray(each).tolist() for name, each in data.attributes.items()},
        "residual": None if residual is None else float(residual.max()),
    }


def _data(data: DataFile) -> list[tuple[str, str]]:
    said = data.attributes
    named = [
        (key, str(said[key]))
        for key in ("equation", "law", "scheme", "seed", "predicted_by", "source_format")
        if key in said
    ]
    return [
        ("data file", str(data.path)),
        ("format", data.format),
        ("samples", f"{data.samples} of {', '.join(data.sampled)}"),
        *_grid(data.grid, data.outputs),
        ("resolutions", " ".join(map(str, data.grid.resolutions()))),
        *named[:5],
        *_residual(data),
    ]


def _residual(data: DataFile) -> list[tuple[str, str]]:
    residual = data.read_residual()
    return [] if residual is None else [("residual", f"{residual.max():.1e} at most")]


def _run(folder: Path) -> list[tuple[str, str]]:
    run = described(folder)
    options = " ".join(f"{name}={value}" for name, value in vars(run.options).items())
    trained = isinstance(run, Run)
    samples = f"{run.samples} training samples, " if trained else ""
    return [
        ("run", str(folder)),
        ("model", f"{run.model}, {run.parameters:,} parameters ({options})"),
        ("data", f"{run.data}, {samples}inputs {_seen(run.view)}, outputs {', '.join(run.output_names)}"),
        *_grid(run.grid, run.outputs),
        *(_training(run, folder) if trained else [("training", "not recorded (saved by Surrogate.save)")]),
        ("versions", " ".join(f"{name} {version}" for name, version in run.versions.items())),
    ]


def _training(run: Run, folder: Path) -> list[tuple[str, str]]:
    training, under = run.training, f", under {', '.join(run.symmetries)}" if run.symmetries else ""
    settings = f"rate {training.learning_rate:g}, batch {training.batch_size}, seed {training.seed}"
    return [("training", f"{training.loss}, {settings}{under}"), ("state", _state(run, folder))]


def _seen(view: View) -> str:
    seen = ", ".join(f"{name} over its mean" if view.scaling else name for name in view.inputs)
    if view.restriction == "means":
        seen += " as cell means"
    if view.filter_width_in_force:
        seen += f" as averages of width {view.filter_width_in_force:g} around the points of the training grid"
    if view.learns_equation:
        corrected = "" if view.informed == "learned" else ", whose solution it corrects"
        return f"{seen} on all points of the file, of which it makes a coarse equation{corrected}"
    return seen if view.informed == "none" else f"{seen}, coarse solutions ({view.informed})"


def _state(run: Run, folder: Path) -> str:
    epochs = history(folder)
    if not epochs:
        steps = steps_an_epoch(run.samples, run.training.batch_size)
        with Checkpoints(folder, run.seal, create=False) as checkpoints:
            finished = max(checkpoints.steps, default=0) >= steps
        lost = finished and not (folder / "metrics.jsonl").exists()
        return "metrics.jsonl is missing" if lost else "no epoch finished yet"
    last = epochs[-1]
    state = f"epoch {last['epoch']} of {run.training.epochs}, training loss {short(last['train_loss'])}"
    if run.validated:
        best = best_epoch(epochs)
        state += f", best validation L2 {short(best['validation']['relative_l2'])} (epoch {best['epoch']})"
    if run.transfer is not None:
        known = run.transfer
        state += (
            f"; at {known.resolution} points L2 {short(known.direct)} direct, {short(known.resample)} by resample"
        )
    return state


def _grid(grid: Grid, outputs: Sequence[Output]) -> list[tuple[str, str]]:
    known = "domain unknown" if grid.domain is None else f"domain {_numbers(grid.domain, ' ')}"
    first = _numbers((axis[0] for axis in grid.axes), ", ")
    kind = "nodes, borders included" if grid.holds_borders.all() else f"from ({first})"
    borders = said_of(outputs)
    said = borders if isinstance(borders, str) else ", ".join(f"{each.name} {each.border}" for each in outputs)
    rings = f"; periodic {', '.join(grid.periodic)}" if grid.periodic else ""
    return [("grid", f"{grid}, {kind}; {known}; border {said}{rings}")]


def _numbers(values: Iterable[float], between: str) -> str:
    return between.join(f"{value:g}" for value in values)
