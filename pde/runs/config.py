"""The settings of a training."""

from dataclasses import dataclass, field
from typing import Literal

from tyro.conf import FlagCreatePairsOff

from pde.preprocessing.view import View


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training; each is a flag of `manojax train`."""

    resolution: int | None = None
    """Points along axis 1 of the training grid, a stride of the file's. There the operator is held and validated.
    By default the finest of --resolutions, or the file's own grid."""
    resolutions: tuple[int, ...] = ()
    """Grids that batches are taken from. Each batch comes from one drawn at random; by default the training grid
    alone."""
    train_samples: int | None = None
    """Samples used, the first of the file; by default all."""
    validation: str = "last-tenth"
    """A file, `none`, or `last-tenth` of the samples. The last tenth is not trained on."""
    epochs: int | None = None
    """Passes over the samples; by default 5000 steps, at most 500 passes."""
    batch_size: int = 10
    """Samples a step."""
    accumulate: int = 1
    """Number of pieces that a batch is divided into, seen one after the other. Their gradients are averaged: it
    takes the memory of one piece, and less time on CPUs where a piece fits the cache and the batch does not."""
    stream: FlagCreatePairsOff[bool] = False
    """Read samples from the file when a batch needs them. Ahead of it and in the background, none being kept in
    memory: for files that do not fit there."""
    learning_rate: float = 3e-3
    """The highest learning rate. A warm-up over a twentieth of the steps leads to it, a cosine from it to zero."""
    weight_decay: float = 1e-4
    """Fraction of every parameter, times the rate, that a step takes off."""
    ema: float | None = None
    """Decay per step of a moving average of the parameters. The exponential average over steps is evaluated and
    kept in place of the last parameters; 0.999 averages over about a thousand steps."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Precision of activations. Parameters, their gradients, Fourier transforms and long sums stay float32."""
    loss: Literal["relative-l2", "relative-h1"] = "relative-h1"
    """Error that is minimised. It is a mean over samples; for relative H1 lengths are measured in the longer side
    of the domain."""
    seed: int = 0
    """Seed of initial parameters and sample order."""
    boundary: Literal["zero", "unknown"] | None = None
    """Value of the solution on the border, for a file that does not say."""
    domain: tuple[float, float, float, float] | None = None
    """x0 x1 y0 y1 in the unit of the coordinates, for a file that does not say."""
    symmetries: Literal["auto", "all", "none"] = "auto"
    """Show every batch under a random flip or transpose of the training grid. auto: those that a test of 100 or
    more training samples does not reject; all: right where the equation and its border have no preferred
    direction, as Darcy flow on a square; none."""
    view: View = field(default_factory=View)
    """The fields that the model sees, and how it sees them."""
