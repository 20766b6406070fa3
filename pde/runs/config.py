"""The settings of a training."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from tyro.conf import FlagCreatePairsOff, arg

from pde.grids.grid import Domain
from pde.grids.outputs import Border
from pde.preprocessing.view import View


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training; each is a flag of `manojax train`."""

    rare: ClassVar[tuple[str, ...]] = (
        *("resolutions", "accumulate", "stream", "weight_decay", "ema", "precision", "scale_free"),
        *("outputs", "boundary", "domain", "periodic"),
    )
    """Options that only `--help-verbose` shows."""
    resolution: int | None = None
    """Number of points along axis 1 of the training grid; by default the largest of --resolutions, or else the
    number of the file's grid. The training grid is a stride of the file's grid. The operator is held at it, and
    validated on it."""
    resolutions: tuple[int, ...] = ()
    """Grids to take batches from, each given by its number of points along axis 1. The grid of every batch is
    drawn from these at random; by default all batches are of the training grid."""
    train_samples: int | None = None
    """Number of training samples, the first of the file; by default all."""
    validation: str = "last-tenth"
    """A file to validate on, or last-tenth, or none. last-tenth keeps the last tenth of the samples from training,
    and validates on it."""
    epochs: int | None = None
    """Number of passes over the samples; by default 5000 steps, at most 500 passes."""
    batch_size: int = 10
    """Number of samples in a step."""
    accumulate: int | None = None
    """Number of pieces to divide a batch into. The pieces are computed one after the other and their gradients
    averaged, which takes the memory of one piece. By default a piece has at most ten thousand points on CPUs,
    where it then fits the cache, and an accelerator computes the whole batch at once."""
    stream: FlagCreatePairsOff[bool] = False
    """Read samples from the file when they are needed, for files larger than the memory. Samples are
    read ahead in the background, and none is kept."""
    learning_rate: float = 3e-3
    """The highest learning rate. The rate rises to it over a twentieth of the steps, then falls to zero as a
    cosine."""
    weight_decay: float = 1e-4
    """Fraction, times the learning rate, by which each step shrinks every parameter."""
    ema: float | None = None
    """Decay per step of an exponential moving average of the parameters. The average is evaluated and kept in
    place of the last parameters; 0.999 averages over about a thousand steps."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Precision of the activations. Parameters, their gradients, Fourier transforms and long sums stay float32."""
    loss: Literal["relative-l2", "relative-h1"] = "relative-h1"
    """Error to minimise, averaged over the samples. Relative H1 measures lengths in units of the longer side of
    the domain."""
    seed: int = 0
    """Seed of the initial parameters and of the order of the samples."""
    outputs: tuple[str, ...] = ()
    """Data sets that the model makes; by default the outputs that the file lists, or else solution."""
    boundary: Border | None = None
    """Border of the outputs, for a data file that does not state it: they vanish there, or their derivatives
    across it do."""
    domain: Annotated[Domain | None, arg(metavar="FLOAT FLOAT ...")] = None
    """Domain x0 x1 y0 y1 in the unit of the coordinates, for a data file that does not state it."""
    periodic: tuple[str, ...] = ()
    """Periodic axes, such as x y, for a data file that does not state them."""
    symmetries: Literal["auto", "all", "none"] = "auto"
    """Show each batch under a random flip or transpose. auto draws from the flips and transposes of the training
    grid that a test on 100 or more training samples does not reject. all draws from all flips and transposes,
    which is right where the equation and its border have no preferred direction, as for Darcy flow on a square.
    none leaves every batch as it is."""
    scale_free: FlagCreatePairsOff[bool] = False
    """Take the scale of the inputs out of the model, where the equation declares how solutions scale. The model
    sees each input divided by its mean absolute value over the sample, and its output is scaled back by that mean:
    for Darcy flow twice the coefficient then gives half the solution, whatever training saw."""
    view: Annotated[View, arg(name="input", prefix_name=False)] = field(default_factory=View)
    """The fields that the model sees, and how it sees them."""
