"""The source of a run's samples: a data file or data set, and its parts for training and validation."""

import sys
from pathlib import Path

from pde.data import datasets
from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.runs.config import TrainingConfig
from pde.system.errors import InputError
from pde.training.samples import Samples, stored

Source = Path | DataFile
"""Path of a data file, or an open data set."""
Split = tuple[list[Samples], Samples | None]
"""Training samples, an entry for each grid, and validation samples."""


def open_samples(source: Source, config: TrainingConfig) -> Split:
    """Open the samples of a run that another process has prepared; nothing is read yet."""
    training, validation, _ = split_samples(source, config)
    return training, validation


def training_data(source: Source, config: TrainingConfig) -> DataFile:
    """Open the file of a run, cut to the samples that the run uses."""
    return open_source(source, config).first(config.train_samples)


def name_of(source: Source) -> str:
    """Return the name of the training data that a run records, without folders."""
    return (source.path if isinstance(source, DataFile) else source).name


def open_source(source: Source, config: TrainingConfig) -> DataFile:
    """Open the data set of a run, with the fields that its configuration names.

    Raises:
        InputError: bad data, or a border, domain or periodic axes for a data set that has its own.
    """
    if isinstance(source, DataFile):
        if config.boundary is not None or config.domain is not None or config.periodic:
            raise InputError(
                f"{source.path}: give boundary, domain and periodic where the data set is made, not to training"
            )
        return source.with_fields(config.view.inputs, config.outputs)
    said = {"boundary": config.boundary, "domain": config.domain, "periodic": config.periodic}
    return datasets.open(source, inputs=config.view.inputs, outputs=config.outputs, **said)


def say_unused(data: DataFile) -> None:
    """Name on standard error the data sets of a file that training leaves out."""
    used = (*data.inputs, *data.output_names)
    unused = [name for name in data.sampled if name not in used]
    if unused:
        print(
            f"manojax: {data.path}: training uses {', '.join(used)}, not {', '.join(unused)}; "
            "--inputs and --outputs name others",
            file=sys.stderr,
        )


def held_out(data: DataFile, config: TrainingConfig) -> tuple[slice, tuple[DataFile, slice] | None]:
    """Return the samples of a file to train on, and the file and samples to validate on.

    Raises:
        InputError: a file of one sample, or bad validation data.
    """
    if config.validation == "none":
        return slice(None), None
    if config.validation == "last-tenth":
        if data.samples < 2:
            raise InputError(f"{data.path} has one sample, none to hold out; give --validation none")
        first = data.samples - max(1, data.samples // 10)
        return slice(first), (data, slice(first, None))
    return slice(None), (open_source(Path(config.validation), config), slice(None))


def split_samples(source: Source, config: TrainingConfig) -> tuple[list[Samples], Samples | None, Grid]:
    """Open training and validation samples, and find the training grid."""
    data = training_data(source, config)
    resolution = config.resolution
    if resolution is None:
        resolution = max(config.resolutions, default=data.grid.shape[0])
    grid = data.grid.strided(data.stride_to(resolution))
    samples, validation = held_out(data, config)
    grids = [data.grid.strided(data.stride_to(r)) for r in config.resolutions or (resolution,)]
    training = [stored(data, samples, config, each) for each in grids]
    if validation is None:
        return training, None, grid
    file, samples = validation
    if not file.grid.strided(file.stride_to(grid.shape[0])).matches(grid):
        raise InputError(f"{file.path} has other points than the training grid; validate on the same grid")
    return training, stored(file, samples, config, grid), grid
