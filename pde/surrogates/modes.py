"""The two modes of predicting on a grid, direct and resample, side by side."""

from pde.grids.grid import Grid
from pde.surrogates.surrogate import Extended, Fields, Surrogate
from pde.system.errors import InputError

MODES = ("direct", "resample")
Failed = dict[str, InputError | ArithmeticError]
"""The first error of each mode that failed."""


class Predictions:
    """Predictions of a surrogate from the same fields on several grids, each computed once.

    Args:
        surrogate: the trained model.
        fields: the input fields, one channel each.
        source: the grid on which the fields are given.
    """

    def __init__(self, surrogate: Surrogate, fields: Fields, source: Grid):
        self._surrogate, self._fields, self._source = surrogate, fields, source
        self._direct: dict[Grid, Extended] = {}

    def direct(self, on: Grid) -> Extended:
        """Return the prediction of the model run on a grid (`Surrogate.predict`)."""
        if on not in self._direct:
            self._direct[on] = self._surrogate.predict(self._fields, self._source, on)
        return self._direct[on]

    def resample(self, on: Grid) -> Extended:
        """Return the prediction on the training grid, interpolated to a grid (`Surrogate.resample`)."""
        predicted = self.direct(self._surrogate.run.grid)
        return self._surrogate.carry(predicted, self._fields, self._source, on)

    def possible(self, on: Grid, failed: Failed) -> dict[str, Extended]:
        """Predict in each mode that has not failed; if one fails now, its error is added to `failed`.

        A grid may not suit the model, or a solve inside the model may fail. The other mode is still worth
        measuring.
        """
        predicted = {}
        for mode, predict in zip(MODES, (self.direct, self.resample), strict=True):
            if mode in failed:
                continue
            try:
                predicted[mode] = predict(on)
            except (InputError, ArithmeticError) as error:
                failed[mode] = error
        return predicted
