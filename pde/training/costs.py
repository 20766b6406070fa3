"""The seconds that a training and its data took, recorded in its run once it has come to its end."""

import dataclasses
import sys
from pathlib import Path

from pde.data.cost import cost_of
from pde.data.data_file import DataFile
from pde.runs.config import TrainingConfig
from pde.runs.run import Run, history, seconds_of
from pde.system.errors import InputError
from pde.training.source import held_out


def record_costs(folder: Path, data: DataFile) -> None:
    """Add to a run the seconds of its epochs, and those of its data where a record tells them.

    Args:
        folder: the run folder, of a training that has come to its end.
        data: the data set, cut to the samples that the run uses.
    """
    run = Run.open(folder)
    try:
        found = _data_seconds(data, run.training)
    except InputError as error:  # the training itself is complete
        print(f"manojax: the cost of the data is not known: {error}", file=sys.stderr)
        found = None
    dataclasses.replace(
        run,
        data_seconds=run.data_seconds if found is None else found,
        training_seconds=seconds_of(folder) if len(history(folder)) == run.training.epochs else None,
    ).save(folder)


def _data_seconds(data: DataFile, config: TrainingConfig) -> float | None:
    """Sum the seconds of the samples for training and validation; None if a file has no record."""
    _, validation = held_out(data, config)
    files = [data] if validation is None or validation[0] is data else [data, validation[0]]
    seconds = 0.0
    for file in files:
        cost = cost_of(file.path)
        if cost is None or not cost.samples:
            return None
        seconds += cost.seconds(file.samples)
    return seconds
