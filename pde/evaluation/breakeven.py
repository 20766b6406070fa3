"""The number of predictions after which an operator has paid off, beside the cheapest coarse solve as accurate.

A fair comparison of costs is made at equal accuracy, and counts data and training: McGreivy and Hakim, Nature
Machine Intelligence 2024.
"""

import dataclasses
import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pde.data.data_file import DataFile
from pde.data.datasets import opened
from pde.evaluation.block import Block
from pde.evaluation.classical import Classical, CoarseSolve, cheapest
from pde.evaluation.model import prediction
from pde.evaluation.solvable import Solvable
from pde.grids.grid import Grid
from pde.metrics.norms import mean_errors
from pde.metrics.quantities import errors_of_quantities
from pde.runs.run import Run
from pde.surrogates.surrogate import Surrogate
from pde.system.errors import InputError
from pde.system.timing import medians_in_turn

_TURNS = 21  # number of times that each of the two is timed


@dataclass(frozen=True)
class Breakeven:
    """The costs of an operator and of the cheapest coarse solve that is as accurate."""

    resolution: int
    """Number of points along axis 1 of the training grid, on which both errors are taken."""
    error: float
    """Mean relative L2 of the operator."""
    milliseconds: float
    """Median time of one prediction."""
    classical: Classical | None
    """The cheapest coarse solve whose error is at most the operator's; None if there is none."""
    left_out: str | None
    """Reason why the file cannot be solved again; None if it can."""
    data_seconds: float | None
    """Seconds that the training data took; None if they are not recorded."""
    training_seconds: float | None
    """Seconds that training took; None if they are not recorded."""
    cores: int | None
    """Number of cores that the operator was trained on."""
    processor: str | None
    """Processor or accelerator that the operator was trained on."""

    @property
    def predictions(self) -> float | None:
        """N = (T_data + T_training) / (t_classical - t_operator).

        It is infinite where the operator is not faster, and None where there is no coarse solve as accurate or the
        seconds of data or training are not recorded.
        """
        if self.classical is None:
            return None
        saved = (self.classical.milliseconds - self.milliseconds) / 1e3
        if saved <= 0:
            return math.inf
        if self.data_seconds is None or self.training_seconds is None:
            return None
        return (self.data_seconds + self.training_seconds) / saved

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `predictions` is "never" where it is infinite, and "unknown" where it is None."""
        words = {None: "unknown", math.inf: "never"}
        number = words.get(self.predictions, self.predictions)
        return {"predictions": number, **dataclasses.asdict(self)}


def breakeven(surrogate: Surrogate, data: str | Path | DataFile) -> Breakeven:
    """Compare the costs of an operator with those of the cheapest coarse solve that is as accurate.

    The coarse solves are those of `pde.evaluation.baselines.coarse_baseline`, on all strides of the file's grid
    and on that grid itself. Errors are taken at the points of the training grid. Both times are medians of calls
    made in turn, of one sample, NumPy in and out, after a first call that compiles; what either computes from
    the file's fields, such as upscaled faces, is counted.

    Args:
        surrogate: the trained operator, run directly on its training grid.
        data: a file or `pde.Dataset` that holds solutions, on the training grid or one that strides to it.

    Raises:
        InputError: the file does not hold the training grid, or bad data.
        ArithmeticError: a solve inside the operator did not converge.
    """
    data = opened(data, surrogate.run.view.inputs, surrogate.run.output_names)
    surrogate = surrogate.told(data)
    run = surrogate.run
    wanted, solvable = _stride_to(run.grid, data), Solvable(data)
    error = _error(surrogate, data, solvable, wanted)
    classical = None
    if solvable.equation is not None and solvable.reason is None:
        classical = cheapest(data, solvable.equation, wanted, error)
    first = Block.read(data, slice(1), {*run.view.inputs, *solvable.inputs})
    calls = [prediction(surrogate, "direct", first, wanted)]
    if classical is not None and solvable.equation is not None:
        solve = CoarseSolve(solvable.equation, classical.scheme, data.grid, classical.stride, wanted)
        calls.append(functools.partial(solve, [field[0] for field in first.named(solvable.inputs)]))
    milliseconds = medians_in_turn(calls, _TURNS)
    trained = run if isinstance(run, Run) else None
    return Breakeven(
        resolution=run.grid.shape[0],
        error=error,
        milliseconds=milliseconds[0],
        classical=classical and dataclasses.replace(classical, milliseconds=milliseconds[1]),
        left_out=solvable.reason,
        data_seconds=trained and trained.data_seconds,
        training_seconds=trained and trained.training_seconds,
        cores=trained and trained.cores,
        processor=trained and trained.processor,
    )


def _stride_to(trained: Grid, data: DataFile) -> int:
    """Return the stride of a file's grid that is the training grid."""
    strides = map(data.stride_to, data.grid.resolutions())
    found = next((stride for stride in strides if data.grid.strided(stride).matches(trained)), None)
    if found is None:
        raise InputError(
            f"{data.path}: no stride of its {data.grid} grid is the training grid "
            f"of {trained} points, on which --breakeven compares; give another file"
        )
    return found


def _error(surrogate: Surrogate, data: DataFile, solvable: Solvable, wanted: int) -> float:
    """Compute the operator's mean relative L2, and note if the equation can be solved for the same samples."""
    grid, names, errors = data.grid.strided(wanted), surrogate.run.view.inputs, []
    for samples in data.blocks():
        block = Block.read(data, samples, {*data.output_names, *names, *solvable.inputs})
        solvable.check(block)
        predicted = surrogate.predict(block.channels(names), data.grid, grid)
        errors.append(errors_of_quantities(predicted, block.outputs(wanted), data.quantities, grid))
    return mean_errors(errors)["relative_l2"]
