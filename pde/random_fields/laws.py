"""Three laws of a coefficient a > 0 as a function of a Gaussian field g, each of which has a name."""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.system.errors import InputError, check_positive


@dataclass(frozen=True)
class TwoPhase:
    """a = contrast_high where g >= 0, contrast_low where g < 0 (Li et al., arXiv 2010.08895, appendix A.3).

    Raises:
        InputError: a value that is not positive and finite.
    """

    contrast_high: float = 12.0
    contrast_low: float = 3.0

    def __post_init__(self):
        check_positive("contrast-high", self.contrast_high)
        check_positive("contrast-low", self.contrast_low)

    def __call__(self, g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
        return jnp.where(g >= 0, self.contrast_high, self.contrast_low)

    def __str__(self):
        return f"{exact(self.contrast_high)} where g >= 0, {exact(self.contrast_low)} where g < 0"


@dataclass(frozen=True)
class KPhase:
    """k values in parts of equal area: phases[j] where g lies between the quantiles j/k and (j+1)/k of the sample.

    Each sample has its own quantiles: fixed levels would not make equal parts, as the standard deviation of g
    varies over the square. So two phases are cut at the median, whereas `TwoPhase` cuts at zero.

    Raises:
        InputError: fewer than two values, or one that is not positive and finite.
    """

    phases: tuple[float, ...]

    def __post_init__(self):
        check_positive("phases", *self.phases)
        if len(self.phases) < 2:
            raise InputError(
                "--phases must be two values or more, from the lowest part of the field to the highest"
            )

    def __call__(self, g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
        count = len(self.phases)
        levels = jnp.quantile(g, jnp.arange(1, count) / count)
        return jnp.asarray(self.phases, g.dtype)[jnp.searchsorted(levels, g, side="right")]

    def __str__(self):
        values = ", ".join(exact(value) for value in self.phases)
        return f"{values} in parts of equal area, between the {len(self.phases)}-quantiles of each sample's g"


@dataclass(frozen=True)
class LogNormal:
    """a = exp(log_scale g).

    Raises:
        InputError: a scale that is not positive and finite.
    """

    log_scale: float

    def __post_init__(self):
        check_positive("log-scale", self.log_scale)

    def __call__(self, g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
        return jnp.exp(self.log_scale * g)

    def __str__(self):
        return f"exp({exact(self.log_scale)} g)"


def exact(value: float | int) -> str:
    """The shortest decimal that is this number: 12, 0.1."""
    return repr(float(value)).removesuffix(".0")
