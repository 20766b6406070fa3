"""A surrogate as a predictor, in both modes on every grid of a table."""

from collections.abc import Callable, Sequence
from typing import Any

from pde.data.data_file import DataFile
from pde.evaluation.block import Block
from pde.evaluation.compare import ByStride
from pde.grids.grid import Grid
from pde.metrics.norms import mean_errors
from pde.metrics.quantities import errors_of_quantities
from pde.surrogates.extrapolation import Extrapolation, seen_by
from pde.surrogates.modes import MODES, Failed, Predictions
from pde.surrogates.surrogate import Surrogate
from pde.system.errors import InputError
from pde.system.timing import median_milliseconds


class ModelPredictor:
    """Predictions of a surrogate on strides of a grid, and their consistency between two grids.

    Args:
        surrogate: the trained model.
        grid: grid of the fields.
        strides: strides to predict on.
    """

    def __init__(self, surrogate: Surrogate, grid: Grid, strides: Sequence[int]):
        self.surrogate, self._grid = surrogate, grid
        self.inputs = surrogate.run.view.inputs
        self.failed: dict[int, Failed] = {stride: {} for stride in strides}
        """The first error of each mode that failed, by stride."""
        self._pair = _grids_of_one_function(grid, surrogate.run.grid)
        self._distances: list[Any] = []
        self._extrapolation = Extrapolation(seen_by(surrogate.run))

    def __call__(self, block: Block) -> ByStride:
        fields = block.channels(self.inputs)
        self._extrapolation.note(fields)
        predictions = Predictions(self.surrogate, fields, self._grid)
        found = {
            stride: predictions.possible(self._grid.strided(stride), failed)
            for stride, failed in self.failed.items()
        }
        self._measure_consistency(predictions)
        return found

    def say_if_outside(self, data: DataFile) -> None:
        """Print one line on standard error if the fields lie outside of the training data."""
        self._extrapolation.say(data)

    @property
    def hopeless(self) -> bool:
        """True where no mode is possible on any grid."""
        return all(failed.keys() == set(MODES) for failed in self.failed.values())

    @property
    def consistency(self) -> float | None:
        """The relative L2 distance of predictions run directly on two grids, strided to the coarser one.

        The grids are the training grid and the one twice as fine. The value is None if the fields' grid does not
        hold both, or the model cannot run on them.
        """
        return mean_errors(self._distances)["relative_l2"] if self._pair is not None else None

    def _measure_consistency(self, predictions: Predictions) -> None:
        if self._pair is None:
            return
        run, trained = self.surrogate.run, self.surrogate.run.grid
        try:
            coarse, fine = (predictions.direct(grid) for grid in self._pair)
        except (InputError, ArithmeticError):
            self._pair = None
            return
        strided = fine[:, *trained.every(2)]
        self._distances.append(errors_of_quantities(strided, coarse, run.quantities, trained))


def milliseconds_a_sample(surrogate: Surrogate, mode: str, first: Block, stride: int) -> float:
    """Measure the time of one sample in a mode on a stride."""
    return median_milliseconds(prediction(surrogate, mode, first, stride))


def prediction(surrogate: Surrogate, mode: str, first: Block, stride: int) -> Callable[[], Any]:
    """Return the call that predicts samples in a mode on a stride, NumPy in and out; the model is given only the
    points that it needs."""
    grid, handed = first.data.grid, 1 if surrogate.run.view.sees_between else stride
    fields, source = first.channels(surrogate.run.view.inputs, handed), grid.strided(handed)
    call = surrogate.predict if mode == "direct" else surrogate.resample
    return lambda: call(fields, source, grid.strided(stride))


def _grids_of_one_function(grid: Grid, trained: Grid) -> tuple[Grid, Grid] | None:
    """Return the training grid and the grid twice as fine as strides of `grid`, or None if it does not hold
    both."""
    strides = (grid.stride_to(resolution) for resolution in grid.resolutions())
    stride = next((s for s in strides if s % 2 == 0 and grid.strided(s).matches(trained)), None)
    return None if stride is None else (grid.strided(stride), grid.strided(stride // 2))
