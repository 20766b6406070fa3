"""MANO, the multipole attention neural operator."""

from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.base import ModelConfig, Operator
from manojax.grids import Coordinates, append_coordinates
from manojax.layers import LayerNorm, PreNormBlock
from manojax.multipole import MultipoleAttention


@dataclass(frozen=True)
class MANOConfig(ModelConfig):
    """Options of MANO."""

    width: int = 32
    """Channels of the feature map."""
    depth: int = 4
    """Number of blocks."""
    heads: int = 4
    """Attention heads; they divide the width."""
    window: int = 2
    """Points a side of an attention window."""
    stride: int = 1
    """Points between the starts of windows: 1 overlaps them, `window` makes them disjoint."""
    rate: int = 2
    """Ratio of the sides of neighbouring levels."""


class MANO(Operator):
    """Multipole attention neural operator (Colagrande et al., arXiv 2507.02748).

    Lift = a linear map a point; blocks x + MultipoleAttention(LN(x)), then x + FF(LN(x)) with
    FF = Linear-GELU-Linear; LayerNorm; head = Linear-Tanh-Linear. Coordinates enter as two more channels.

    Raises:
        ValueError: an option does not fit (see `MultipoleAttention`).
    """

    Config = MANOConfig

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: MANOConfig = MANOConfig(),
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        width = config.width
        self.lift = nnx.Linear(in_channels + 2, width, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List([])
        for _ in range(config.depth):
            attention = MultipoleAttention(
                width,
                heads=config.heads,
                window=config.window,
                stride=config.stride,
                rate=config.rate,
                dtype=dtype,
                rngs=rngs,
            )
            self.blocks.append(PreNormBlock(attention, width, width, dtype=dtype, rngs=rngs))
        self.norm = LayerNorm(width, rngs=rngs)
        self.head_in = nnx.Linear(width, width, dtype=dtype, rngs=rngs)
        self.head_out = nnx.Linear(width, out_channels, dtype=dtype, rngs=rngs)

    def __call__(
        self, fields: Float[Array, "batch height width channel"], coordinates: Coordinates | None = None
    ) -> Float[Array, "batch height width out"]:
        x = self.lift(append_coordinates(fields, coordinates))
        for block in self.blocks:
            x = block(x)
        return self.head_out(jnp.tanh(self.head_in(self.norm(x))))
