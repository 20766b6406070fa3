"""Parts that several models share."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

Map = Float[Array, "batch *grid channel"]

default_init = nnx.initializers.lecun_normal()


def residual_init(branches: int) -> Initializer:
    """For the last matrix of each residual branch: the sum of so many branches has the scale of one."""
    return nnx.initializers.variance_scaling(1 / branches, "fan_in", "truncated_normal")


def gelu(x: Array) -> Array:
    """x times the normal distribution function at x: the exact one, as in PyTorch, not its tanh approximation."""
    return x * (0.5 + 0.5 * jax.lax.erf(x * 0.5**0.5))


class LayerNorm(nnx.Module):
    """Layer normalisation over channels; in float32 whatever the dtype of the map."""

    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.norm = nnx.LayerNorm(width, rngs=rngs)

    def __call__(self, x: Map) -> Map:
        return self.norm(x.astype(jnp.float32)).astype(x.dtype)


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
        self.first = nnx.Linear(in_channels, hidden, dtype=dtype, rngs=rngs)
        self.second = nnx.Linear(hidden, out_channels, kernel_init=output_init, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map) -> Float[Array, "batch *grid out"]:
        return self.second(gelu(self.first(x)))


class PreNormBlock(nnx.Module):
    """x + attention(LN(x)), then x + MLP(LN(x)); what else it is given goes to the attention."""

    def __init__(
        self,
        attention: nnx.Module,
        width: int,
        hidden: int,
        *,
        output_init: Initializer,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        self.attention_norm = LayerNorm(width, rngs=rngs)
        self.attention = attention
        self.mlp_norm = LayerNorm(width, rngs=rngs)
        self.mlp = MLP(width, hidden, width, output_init=output_init, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map, *context: Any) -> Map:
        x = x + self.attention(self.attention_norm(x), *context)
        return x + self.mlp(self.mlp_norm(x))


def rematerialised(module: nnx.Module, *inputs: Any) -> Any:
    """module(*inputs), whose gradient computes it a second time instead of keeping what lies in between."""
    graph, state = nnx.split(module)

    @jax.checkpoint
    def call(state: Any, *inputs: Any) -> Any:
        return nnx.merge(graph, state)(*inputs)

    return call(state, *inputs)
