"""The mode in which a trained operator does better on a finer grid, measured once on validation samples."""

import dataclasses
import sys
from pathlib import Path

from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.metrics.norms import mean_errors
from pde.metrics.quantities import errors_of_quantities
from pde.runs.description import Transfer
from pde.surrogates.surrogate import Surrogate, load
from pde.system.errors import InputError
from pde.system.progress import progress
from pde.training.source import held_out


def record_transfer(folder: Path, data: DataFile) -> None:
    """Add to a run the errors of direct and of resampled predictions on the validation samples.

    They are measured on the coarsest grid of the validation file that holds the training grid and is finer.
    Nothing is recorded if there is no such grid or no validation samples, or if the model cannot predict there.
    """
    surrogate = load(folder)
    _, validation = held_out(data, surrogate.training)
    if validation is None:
        return
    file, samples = validation
    finer = _finer_stride(file.grid, surrogate.run.grid)
    if finer is None:
        return
    try:
        transfer = measure(surrogate, file, samples, finer)
    except (InputError, ArithmeticError) as error:  # the training itself is complete
        print(f"the better mode on finer grids is not known: {error}", file=sys.stderr)
        return
    dataclasses.replace(surrogate.run, transfer=transfer).save(folder)


def _finer_stride(fine: Grid, trained: Grid) -> int | None:
    stride = next(s for s in map(fine.stride_to, fine.resolutions()) if fine.strided(s).matches(trained))
    return next((s for s in range(stride - 1, 0, -1) if stride % s == 0), None)


def measure(surrogate: Surrogate, data: DataFile, samples: slice, stride: int) -> Transfer:
    """Measure the errors of both modes on a stride of a file."""
    grid = data.grid.strided(stride)
    errors = {"direct": [], "resample": []}
    for block in progress(data.blocks(samples), f"transfer to {grid.shape[0]}", unit="block"):
        fine, outputs = data.read_inputs(block), data.read_outputs(block, stride)
        for mode, predicted in (
            ("direct", surrogate.predict(fine, data.grid, grid)),
            ("resample", surrogate.resample(fine, data.grid, grid)[0]),
        ):
            errors[mode].append(errors_of_quantities(predicted, outputs, data.quantities, grid))
    means = {mode: mean_errors(blocks)["relative_l2"] for mode, blocks in errors.items()}
    return Transfer(grid.shape[0], **means)
