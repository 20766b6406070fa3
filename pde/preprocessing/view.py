"""The view that a model has of a data file: inputs, their restriction to its grid, coarse solutions."""

from dataclasses import dataclass

from manojax.operators.anchored import FILTER_WIDTH
from pde.equations.darcy.coarse_channels import SOLUTIONS, Informed
from pde.grids.restriction import Restriction


@dataclass(frozen=True)
class View:
    """The fields that a model sees, and how it sees them."""

    inputs: tuple[str, ...] = ()
    """Data sets shown to the model; by default the equation's inputs."""
    filter_width: float | None = None
    """Width of the averages through which inputs are seen, in grid spacings. It is their standard deviation, in
    spacings of the training grid, at whose points the operator is held on any grid; with 0 the operator runs on
    each grid's own points. By default 0.7, and 0 with --restriction means or --informed."""
    restriction: Restriction = "stride"
    """How the model's grid sees the file's inputs. By their values at its points, or by the arithmetic and the
    harmonic mean of each over the cells around them."""
    informed: Informed = "none"
    """Coarse solutions that the model sees and corrects. They solve -div(a grad u) = 1, u = 0 on the border, on
    its grid: strided, two from the coefficient at the grid's points, with arithmetic and with harmonic faces,
    whose mean is corrected; upscaled, one with faces upscaled from the file's coefficient."""

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
        return self.restriction == "means" or self.informed == "upscaled"

    @property
    def needs_positive(self) -> bool:
        """True if the inputs must be positive: harmonic means and coarse solves need that."""
        return self.restriction == "means" or self.informed != "none"

    @property
    def channels(self) -> int:
        """Number of input channels of the model."""
        return len(self.inputs) * (2 if self.restriction == "means" else 1) + self.solutions
