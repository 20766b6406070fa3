"""A sweep as one table, and as curves of error against time."""

from collections.abc import Iterator, Mapping
from typing import Any

from pde.evaluation.baselines import schemes
from pde.reports.text import about_coarse
from pde.runs.build import title_of
from pde.system.numbers import counted, short
from pde.system.timing import REPEATS

Costs = dict[str, dict[str, tuple[float, float]]]
"""{curve: {point: (milliseconds a sample, mean relative L2)}}, for `pde.plots.errors_by_time`."""

_HEADS = (
    "model",
    "width",
    "parameters",
    "relative L2",
    "relative MSE",
    "relative H1",
    "milliseconds a sample",
    "seconds of training",
)
_ERRORS = {"relative_l2": short, "relative_mse": "{:.2e}".format, "relative_h1": short}


def markdown(found: Mapping[str, Any]) -> str:
    """Write one row for each model and width, mean ± sample standard deviation over seeds, then the coarse solves.

    Args:
        found: result of `pde.sweeps.sweep.sweep`.
    """
    rows = [list(_HEADS), ["---", *["---:"] * (len(_HEADS) - 1)], *_trained(found), *_solved(found)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([_about(found), table, *about_coarse(found["coarse"])]) + "\n"


def costs(found: Mapping[str, Any]) -> tuple[Costs, Costs]:
    """Collect times and errors of models by width and of coarse solves, except the solve that made the file."""
    models: Costs = {}
    for row in found["rows"]:
        point = row["mean"]["milliseconds"], row["mean"]["relative_l2"]
        title, width = title_of(row["model"]), row["width"]
        models.setdefault(title if width is None else f"{title}, by width", {})[_written(width)] = point
    solves = {name: (each["milliseconds"], each["relative_l2"]) for name, each in _solves(found)}
    return models, {name: {"": point} for name, point in solves.items() if point[1] > 0}


def _about(found: Mapping[str, Any]) -> str:
    training, seeds = found["training"], len(found["rows"][0]["runs"])
    spread = f", then mean ± standard deviation over {seeds} seeds" if seeds > 1 else ", one seed"
    grid = " x ".join(map(str, found["shape"]))
    return (
        f"{found['test']}, {found['samples']} samples at {grid} points: means over samples{spread}. "
        f"Trained on {found['data']} for {counted(training['epochs'], 'epoch')} in batches of "
        f"{training['batch_size']}. Milliseconds: one sample at a time, median of {REPEATS}, {found['device']}; "
        "seconds: of all epochs, compiling and validation included."
    )


def _trained(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for row in found["rows"]:
        mean, deviation = row["mean"], row["deviation"]
        errors = [
            write(mean[name]) + (f" ± {write(deviation[name])}" if deviation else "")
            for name, write in _ERRORS.items()
        ]
        times = [f"{mean['milliseconds']:.1f}", f"{mean['seconds']:.0f}"]
        yield [title_of(row["model"]), _written(row["width"]), f"{row['parameters']:,}", *errors, *times]


def _written(width: int | None) -> str:
    """Write the width of a model; a model without that option has an empty cell."""
    return "" if width is None else str(width)


def _solved(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, each in _solves(found):
        errors = [write(each[key]) for key, write in _ERRORS.items()]
        yield [name, "", "none", *errors, f"{each['milliseconds']:.1f}", "none"]


def _solves(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in found["coarse"].get("rows", []):
        for scheme, errors in schemes(row).items():
            yield f"coarse solve, {scheme}", errors
