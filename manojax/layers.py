"""Parts that several models share."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

Map = Float[Array, "batch height width channel"]


class LayerNorm(nnx.Module):
    """Layer normalisation over channels; in float32 whatever the dtype of the map."""

    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.norm = nnx.LayerNorm(width, rngs=rngs)

    def __call__(self, x: Map) -> Map:
        return self.norm(x.astype(jnp.float32)).astype(x.dtype)


class MLP(nnx.Module):
    """Linear-GELU-Linear at every point."""

    def __init__(self, in_channels: int, hidden: int, out_channels: int, *, dtype: DTypeLike, rngs: nnx.Rngs):
        self.first = nnx.Linear(in_channels, hidden, dtype=dtype, rngs=rngs)
        self.second = nnx.Linear(hidden, out_channels, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map) -> Float[Array, "batch height width out"]:
        return self.second(jax.nn.gelu(self.first(x)))


class PreNormBlock(nnx.Module):
    """Transformer block: x + attention(LN(x)), then x + MLP(LN(x))."""

    def __init__(self, attention: nnx.Module, width: int, hidden: int, *, dtype: DTypeLike, rngs: nnx.Rngs):
        self.attention_norm = LayerNorm(width, rngs=rngs)
        self.attention = attention
        self.mlp_norm = LayerNorm(width, rngs=rngs)
        self.mlp = MLP(width, hidden, width, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map) -> Map:
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(self.mlp_norm(x))
