"""Laws that are drawn anew for every sample, for training sets that cover many."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Key

from pde.random_fields.laws import exact
from pde.system.errors import InputError, check_positive

Range = tuple[float, float]


@dataclass(frozen=True)
class Mixture:
    """By a fair coin k values on parts of equal area or exp(s g), with numbers that are drawn for every sample.

    The k values are a geometric sequence from 1/sqrt(r) to sqrt(r), lowest where g is lowest; r is their contrast.
    The inverse length scale tau of g is drawn as well. r and tau are uniform in their logarithm, k and s uniform.

    Raises:
        InputError: a range that is not positive, finite and in order, or phase counts that are not whole numbers
            from 2 on.
    """

    contrasts: Range = (2.0, 50.0)
    """Range of r."""
    phase_counts: tuple[int, int] = (2, 4)
    """Range of k, both ends included."""
    log_scales: Range = (1.0, 6.0)
    """Range of s."""
    taus: Range = (2.0, 10.0)
    """Range of tau."""

    def __post_init__(self):
        for name in ("contrasts", "phase-counts", "log-scales", "taus"):
            low, high = getattr(self, name.replace("-", "_"))
            check_positive(name, float(low), float(high), most=1e4)
            if low > high:
                raise InputError(f"--{name} {low:g} {high:g}: give the lower end first")
        if self.phase_counts[0] < 2:
            raise InputError(f"--phase-counts must begin at 2 or more, not at {self.phase_counts[0]}")

    def draw(
        self, key: Key[Array, ""]
    ) -> tuple[Float[Array, ""], Callable[[Float[Array, "*grid"]], Float[Array, "*grid"]]]:
        """Draw tau and the function that makes a coefficient of g, in float64 (call it with x64 enabled)."""
        coin, count_key, scale_key, *keys = jax.random.split(key, 5)
        contrast, tau = (_log_uniform(*pair) for pair in zip(keys, (self.contrasts, self.taus), strict=True))
        scale = jax.random.uniform(scale_key, (), jnp.float64, *self.log_scales)
        fewest, most = self.phase_counts
        count = jax.random.randint(count_key, (), fewest, most + 1).astype(jnp.float64)

        def phases(g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
            parts = jnp.arange(1, most, dtype=jnp.float64)
            levels = jnp.where(parts < count, jnp.quantile(g, jnp.minimum(parts / count, 1.0)), jnp.inf)
            place = jnp.searchsorted(levels, g, side="right").astype(jnp.float64)
            return contrast ** (place / (count - 1) - 0.5)

        chosen = jax.random.bernoulli(coin)
        return tau, lambda g: jax.lax.cond(chosen, phases, lambda g: jnp.exp(scale * g), g)

    def __str__(self):
        ranges = {"r": self.contrasts, "k": self.phase_counts, "s": self.log_scales, "tau": self.taus}
        drawn = ", ".join(f"{name} from {exact(low)} to {exact(high)}" for name, (low, high) in ranges.items())
        return f"k values of contrast r in parts of equal area, or exp(s g), drawn for each sample: {drawn}"


def _log_uniform(key: Key[Array, ""], ends: Range) -> Float[Array, ""]:
    low, high = ends
    return low * (high / low) ** jax.random.uniform(key, (), jnp.float64)
