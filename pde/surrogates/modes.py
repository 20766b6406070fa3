"""The two ways of predicting on a grid, and why one of them is impossible there."""

from collections.abc import Callable

from pde.grids.grid import Grid
from pde.surrogates.surrogate import Extended, Fields, Surrogate
from pde.system.errors import InputError

Call = Callable[[Fields, Grid, Grid], Extended]


def ways(surrogate: Surrogate) -> dict[str, Call]:
    """`direct` and `resample`: input fields, their grid and the target grid to the prediction there."""
    return {"direct": surrogate.predict, "resample": lambda *fields: surrogate.resample(*fields)[0]}


class Attempts:
    """Predictions from one grid on another by every way; one that fails is not tried again.

    A model may ask for what a grid does not hold, or a solve inside it fail: no reason to measure nothing else.
    """

    def __init__(self, surrogate: Surrogate, source: Grid, on: Grid):
        self._ways, self._source, self._on = ways(surrogate), source, on
        self.failed: dict[str, InputError | ArithmeticError] = {}
        """The first error of each way that failed."""

    def __call__(self, fields: Fields) -> dict[str, Extended]:
        """Predictions by the ways that have not failed so far."""
        predicted = {}
        for way, predict in self._ways.items():
            if way in self.failed:
                continue
            try:
                predicted[way] = predict(fields, self._source, self._on)
            except (InputError, ArithmeticError) as error:
                self.failed[way] = error
        return predicted

    @property
    def hopeless(self) -> bool:
        """Whether no way is left."""
        return self.failed.keys() == self._ways.keys()
