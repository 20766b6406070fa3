"""The view that a model has of a data file: inputs, their restriction to its grid, coarse solutions."""

from dataclasses import dataclass
from typing import ClassVar

from tyro.conf import Fixed, Suppress

from manojax.operators.anchored import FILTER_WIDTH
from pde.equations.darcy.coarse_channels import SOLUTIONS, Informed
from pde.grids.restriction import Restriction


@dataclass(frozen=True)
class View:
    """The fields that a model sees, and how it sees them."""

    rare: ClassVar[tuple[str, ...]] = ("inputs", "filter_width")
    """Options that only `--help-verbose` shows."""
    inputs: tuple[str, ...] = ()
    """Data sets that the model sees; by default the inputs of the equation."""
    filter_width: float | None = None
    """Width of the averages through which the model sees its inputs, in spacings of the training grid. The width
    is the standard deviation of the weights. The averages are taken around the points of the training grid, and
    the operator runs on these points, whatever the grid of the data; with 0 it runs on the points of the data's
    grid. The default is 0.7, or 0 with --restriction means or --informed."""
    restriction: Restriction = "stride"
    """How inputs on the file's grid reach the model's grid. stride takes their values at its points; means takes
    the arithmetic and the harmonic mean of each input over the cells around the points."""
    informed: Informed = "none"
    """A solver of -div(a grad u) = 1, with u = 0 on the border, inside the model. It works on the model's grid.
    With learned, the model corrects the conductances of the coarse equation, which are upscaled from the file's
    coefficient, before the solve; with learned-corrected it then corrects the solution too. With strided and
    upscaled, the model sees coarse solutions and corrects their mean. strided gives two, from the coefficient at
    the points of the grid with arithmetic and with harmonic faces. upscaled gives one, with faces upscaled from
    the file's coefficient."""
    scaling: Suppress[Fixed[tuple[float, ...]]] = ()
    """The power of each input by which its scale acts on the solution (`pde.preprocessing.scale`): -1 where twice
    the input halves the solution. The model then sees ratios of the inputs to their means, and makes the solution
    for them. By default it sees the inputs as they are. Training with --scale-free takes the powers from the
    equation."""

    @property
    def solutions(self) -> int:
        """Number of coarse solutions among the model's input channels, where they come last."""
        return SOLUTIONS[self.informed]

    @property
    def filter_width_in_force(self) -> float:
        """The given filter width, or the default one."""
        if self.filter_width is not None:
            return self.filter_width
        return FILTER_WIDTH if self.restriction == "stride" and self.informed == "none" else 0.0

    @property
    def sees_between(self) -> bool:
        """True if the model sees more of the inputs than their values at the points of the grid it runs on."""
        return self.restriction == "means" or self.informed not in ("none", "strided") or bool(self.scaling)

    @property
    def learns_equation(self) -> bool:
        """True if the model makes a coarse equation, from the whole fields of the file."""
        return self.informed in ("learned", "learned-corrected")

    @property
    def needs_positive(self) -> bool:
        """True if harmonic means or coarse solves need positive inputs."""
        return self.restriction == "means" or self.informed != "none"

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The input of each channel of the model; a coarse solution has the name ""."""
        copies = 2 if self.restriction == "means" else 1
        return (*(name for name in self.inputs for _ in range(copies)), *("",) * self.solutions)

    @property
    def channels(self) -> int:
        """Number of input channels of the model."""
        return len(self.channel_names)
