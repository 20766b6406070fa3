"""The two modes of predicting on a grid, direct and resample, and why one of them is impossible there."""

from collections.abc import Callable

from pde.grids.grid import Grid
from pde.surrogates.surrogate import Extended, Fields, Surrogate
from pde.system.errors import InputError

Call = Callable[[Fields, Grid, Grid], Extended]


def modes(surrogate: Surrogate) -> dict[str, Call]:
    """`direct` and `resample`: input fields, their grid and the target grid to the prediction there."""
    return {"direct": surrogate.predict, "resample": lambda *fields: surrogate.resample(*fields)[0]}


class Attempts:
    """Predictions from one grid on another in every mode; a mode that fails is not tried again.

    A model may ask for what a grid does not hold, or a solve inside it fail: no reason to measure nothing else.
    """

    def __init__(self, surrogate: Surrogate, source: Grid, on: Grid):
        self._modes, self._source, self._on = modes(surrogate), source, on
        self.failed: dict[str, InputError | ArithmeticError] = {}
        """The first error of each mode that failed."""

    def __call__(self, fields: Fields) -> dict[str, Extended]:
        """Predictions in the modes that have not failed so far."""
        predicted = {}
        for mode, predict in self._modes.items():
            if mode in self.failed:
                continue
            try:
                predicted[mode] = predict(fields, self._source, self._on)
            except (InputError, ArithmeticError) as error:
                self.failed[mode] = error
        return predicted

    @property
    def hopeless(self) -> bool:
        """True once no mode is left."""
        return self.failed.keys() == self._modes.keys()
