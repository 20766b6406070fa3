"""The random coefficient of Darcy flow: a law of `pde.random_fields`, by its name and options, on a grid."""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Centring
from pde.grids.kinds import ALL_SCALARS, Kinds
from pde.random_fields.coefficients import OPTIONS, Law, NameOrLaw, choose, describe, evaluate
from pde.random_fields.gaussian import check_options, describe_field, gaussian_field
from pde.random_fields.mixture import Mixture, Range
from pde.system.errors import InputError


@dataclass(frozen=True)
class RandomCoefficient:
    """A law of coefficients a > 0 as a function of a Gaussian field g, and the number of points of a side.

    Raises:
        InputError: an option outside its range, or one that belongs to another law.
    """

    inputs: ClassVar[tuple[str, ...]] = ("coefficient",)
    kinds: ClassVar[Kinds] = ALL_SCALARS
    rare: ClassVar[tuple[str, ...]] = ("contrasts", "phase_counts", "log_scales", "taus")
    """Options that only `--help-verbose` shows."""
    resolution: int = 421
    """Number of nodes along each side, borders included; with --canonical the number of cells."""
    coefficient: NameOrLaw = "two-phase"
    """The coefficient as a function of the Gaussian field g: two values by its sign, k values on parts of equal
    area, exp(log_scale g), or a mixture that is drawn anew for every sample."""
    contrast_high: float | None = None
    """For two-phase, the coefficient where the field is not negative; by default 12."""
    contrast_low: float | None = None
    """For two-phase, the coefficient where the field is negative; by default 3."""
    phases: tuple[float, ...] = ()
    """For k-phase, the coefficients from the field's lowest part to its highest."""
    log_scale: float | None = None
    """For log-normal, the factor of the field in the exponent, such as 6."""
    contrasts: Range | None = None
    """For mixture, the range of the ratio of largest to smallest value; by default 2 to 50."""
    phase_counts: tuple[int, int] | None = None
    """For mixture, the range of the number of values; by default 2 to 4."""
    log_scales: Range | None = None
    """For mixture, the range of the factor of the field in the exponent; by default 1 to 6."""
    taus: Range | None = None
    """For mixture, the range of tau; by default 2 to 10."""
    alpha: float = 2.0
    """Smoothness; the covariance goes as (-Laplace + tau^2)^(-alpha)."""
    tau: float = 3.0
    """Inverse length scale of the field."""

    def __post_init__(self):
        if self.resolution < 3:
            raise InputError(f"--resolution {self.resolution} must be at least 3: two borders and a node between")
        check_options(self.alpha, self.tau)
        if isinstance(self.law, Mixture) and self.tau != type(self).tau:
            raise InputError("--tau belongs to the laws with one tau; give --taus for the range of a mixture")

    @property
    def law(self) -> Law | Mixture:
        """The coefficient as a function of the Gaussian field."""
        given = {name: value for name in OPTIONS if (value := getattr(self, name)) not in (None, ())}
        return choose(self.coefficient, given)

    def describe_law(
        self, lengths: tuple[float, float] = (1.0, 1.0), centring: Centring = "nodes", *, axes: int = 2
    ) -> str:
        """Return the law in words, as data files hold it."""
        tau = None if isinstance(self.law, Mixture) else self.tau
        return f"{describe(self.law)}; g {describe_field(self.alpha, tau, lengths, centring, axes=axes)}"

    def draw(
        self,
        seed: Array | int,
        index: Array | int,
        shape: tuple[int, ...],
        lengths: tuple[float, ...] | None = None,
        centring: Centring = "nodes",
    ) -> Float[Array, "*grid"]:
        """Return the coefficient of a sample, in float64 (call it with x64 enabled); it can be traced."""
        key = jax.random.fold_in(jax.random.key(seed), index)
        tau, law = self.tau, self.law
        if isinstance(law, Mixture):
            law_key, key = jax.random.split(key)
            tau, law = law.draw(law_key)
        field = gaussian_field(key, shape, alpha=self.alpha, tau=tau, lengths=lengths, centring=centring)
        return evaluate(law, field)
