"""Mean and standard deviation of values that come in blocks."""

import numpy as np
from jaxtyping import Float


class Moments:
    """Of every channel.

    Source: Chan, Golub and LeVeque, The American Statistician 37 (1983), 242, for the merger of two blocks.
    """

    def __init__(self):
        self._count = 0
        self.mean: Float[np.ndarray, " channel"] = np.zeros(1)
        self._squares: Float[np.ndarray, " channel"] = np.zeros(1)

    def add(self, values: Float[np.ndarray, "*axes channel"]) -> None:
        axes = tuple(range(values.ndim - 1))
        count = values[..., 0].size
        apart = values.mean(axes, dtype=np.float64) - self.mean
        share = count / (self._count + count)
        self._squares = self._squares + count * values.var(axes, dtype=np.float64) + self._count * share * apart**2
        self.mean = self.mean + share * apart
        self._count += count

    @property
    def deviation(self) -> Float[np.ndarray, " channel"]:
        return np.sqrt(self._squares / self._count)
