"""A setting of a published table: its data, one recipe for all models, and what others reached in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.published.data import Data
from manojax.operators.base import ModelConfig
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig

_SMALL = 17  # points a side

LONG = TrainingConfig(
    train_samples=1000,
    validation="none",
    epochs=500,
    batch_size=8,
    symmetries="all",
    view=View(filter_width=0.0),
)
"""The recipe of all settings whose data have 421 points a side. Their tables have no other grid, and averages
would cost some accuracy on it; at 421 points there is no finer one."""


@dataclass(frozen=True)
class Setting:
    """A setting that `runner` runs."""

    name: str
    data: Data
    test_samples: int
    """Number of samples of the test file that count, from the first."""
    training: TrainingConfig
    models: Mapping[str, ModelConfig]
    published: Mapping[str, Mapping[str, float]]
    """Errors that others report, by method and metric."""
    solved_at: tuple[int, ...] = ()
    """Grids of coarse solves beside the one that the models see."""

    def small(self) -> "Setting":
        """The same setting made short: few samples and points, one epoch, models of one block."""
        problem, resolution = self.data.problem, self.training.resolution
        data, points = self.data, None
        if problem is not None:
            stride = problem.grid.stride_to(resolution or problem.resolution)
            data, points = self.data.small(stride * (_SMALL - 1) + 1), _SMALL
        return replace(
            self,
            name=f"small-{self.name}",
            data=data,
            test_samples=2,
            training=replace(self.training, resolution=points, train_samples=4, epochs=1, batch_size=2),
            models={name: replace(options, depth=1) for name, options in self.models.items()},
            solved_at=(),
        )
