"""Parts that several models share."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.xla_cpu import at_each_point, stored

Map = Float[Array, "batch *grid channel"]

default_init = nnx.initializers.lecun_normal()


def residual_init(branches: int) -> Initializer:
    """Return an initialiser of the last matrices of residual branches: their sum has the scale of one branch."""
    return nnx.initializers.variance_scaling(1 / branches, "fan_in", "truncated_normal")


def check_heads(width: int, heads: int) -> None:
    """Raise ValueError if attention heads cannot share the channels of a layer."""
    if heads < 1 or width % heads:
        raise ValueError(f"width {width} is not a multiple of heads {heads}; give a divisor of the width")


def rematerialised(module: nnx.Module, *inputs: Any) -> Any:
    """Return module(*inputs); its gradient computes it a second time instead of keeping intermediate results."""
    graph, state = nnx.split(module)

    @jax.checkpoint
    def call(state: Any, *inputs: Any) -> Any:
        return nnx.merge(graph, state)(*inputs)

    return call(state, *inputs)


@jax.custom_jvp
def gelu(x: Array) -> Array:
    """x times the normal distribution function at x: the exact one, as in PyTorch, not its tanh approximation."""
    return x * _normal_distribution(x)


@gelu.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    # A gradient keeps the derivative alone: one array in the place of three, and nothing to compute a second time.
    # Another reason for this rule: the derivative of erf in jax 0.12.0 does not pass under shard_map.
    (x,), (dx,) = primals, tangents
    distribution = stored(_normal_distribution(x))
    derivative = stored(distribution + x * jnp.exp(-0.5 * x * x) * (2 * math.pi) ** -0.5)
    return x * distribution, derivative * dx


def _normal_distribution(x: Array) -> Array:
    return 0.5 + 0.5 * jax.lax.erf(x * 0.5**0.5)


class Linear(nnx.Linear):
    """A matrix and a bias at every point."""

    def __call__(self, inputs: Array, out_sharding: Any = None) -> Array:
        matrix_and_bias = super().__call__
        return at_each_point(lambda points: matrix_and_bias(points, out_sharding), inputs)


class LayerNorm(nnx.Module):
    """Layer normalisation over channels, in float32 whatever the dtype of the map."""

    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.norm = nnx.LayerNorm(width, rngs=rngs)

    def __call__(self, x: Map) -> Map:
        return rematerialised(self.norm, x.astype(jnp.float32)).astype(x.dtype)


class MLP(nnx.Module):
    """Linear-GELU-Linear at every point."""

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        *,
        output_init: Initializer = default_init,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        self.first = Linear(in_channels, hidden, dtype=dtype, rngs=rngs)
        self.second = Linear(hidden, out_channels, kernel_init=output_init, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map) -> Float[Array, "batch *grid out"]:
        return self.second(gelu(self.first(x)))
