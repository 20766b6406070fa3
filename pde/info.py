"""What a data file or a run folder is, in a few lines."""

import json
from pathlib import Path

from pde.datasets import DataFile, open_data
from pde.grid import Grid
from pde.runs import Run


def describe(path: Path) -> str:
    """A summary of at most ten lines.

    Raises:
        InputError: nothing there, or neither a data file nor a run.
    """
    lines = _run(path) if path.is_dir() else _data(open_data(path))
    return "\n".join(f"{name:<13}{value}" for name, value in lines)


def _data(data: DataFile) -> list[tuple[str, str]]:
    said = data.attributes
    named = [(key, str(said[key])) for key in ("equation", "law", "scheme", "seed", "predicted_by") if key in said]
    return [
        ("data file", str(data.path)),
        ("samples", str(data.samples)),
        *_grid(data.grid),
        ("resolutions", " ".join(map(str, data.grid.resolutions()))),
        *named[:5],
    ]


def _run(folder: Path) -> list[tuple[str, str]]:
    run = Run.open(folder)
    options = " ".join(f"{name}={value}" for name, value in vars(run.options).items())
    training = run.training
    metrics = folder / "metrics.jsonl"
    lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.exists() else []
    last = "no epoch finished yet"
    if lines:
        line = json.loads(lines[-1])
        last = f"epoch {line['epoch']} of {training.epochs}, training loss {line['train_loss']:.4f}"
        if run.validated:
            best = min(
                (json.loads(text)["validation"]["relative_l2"], json.loads(text)["epoch"]) for text in lines
            )
            last += f", best validation relative L2 {best[0]:.4f} (epoch {best[1]})"
    return [
        ("run", str(folder)),
        ("model", f"{run.model}, {run.parameters:,} parameters ({options})"),
        ("data", f"{run.data}, {run.samples} training samples, inputs {', '.join(training.inputs)}"),
        *_grid(run.grid),
        (
            "training",
            f"{training.loss}, AdamW {training.learning_rate:g}, batch {training.batch_size}, seed {training.seed}",
        ),
        ("state", last),
        ("versions", " ".join(f"{name} {version}" for name, version in run.versions.items())),
    ]


def _grid(grid: Grid) -> list[tuple[str, str]]:
    known = "domain unknown" if grid.domain is None else "domain {:g} {:g} {:g} {:g}".format(*grid.domain)
    kind = "nodes, borders included" if grid.on_nodes else f"from ({grid.x[0]:g}, {grid.y[0]:g})"
    return [("grid", f"{grid.shape[0]} x {grid.shape[1]}, {kind}; {known}; border {grid.boundary}")]
