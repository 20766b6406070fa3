"""ViT, a plain vision transformer on patches: the baseline with full attention."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.attention import SelfAttention
from manojax.base import ModelConfig, Operator
from manojax.grids import Coordinates, coordinates_or_nodes
from manojax.layers import LayerNorm, PreNormBlock

_OCTAVES = 4


@dataclass(frozen=True)
class ViTConfig(ModelConfig):
    """Options of ViT."""

    width: int = 64
    """Channels of a token."""
    depth: int = 4
    """Number of transformer blocks."""
    heads: int = 4
    """Attention heads; they divide the width."""
    patch: int = 2
    """Points a side of a patch."""


class ViT(Operator):
    """Vision transformer (Dosovitskiy et al., arXiv 2010.11929) from fields to fields.

    Patches of `patch` x `patch` points become tokens; pre-norm blocks of full softmax attention and a GELU MLP of
    four times the width; each token is mapped back to the values of its patch. The position of a token is a
    learned map of sines and cosines of its centre's coordinates, so it has a meaning on every grid. Patches that
    reach over the border are continued by zeros, which the patch embedding adds nothing from.

    Cost is quadratic in the number of patches.

    Raises:
        ValueError: heads do not divide the width, or a patch below 1.
    """

    Config = ViTConfig

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: ViTConfig = ViTConfig(),
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if config.patch < 1:
            raise ValueError(f"patch {config.patch} must be at least 1")
        self.patch, self.out_channels = config.patch, out_channels
        points = config.patch**2
        self.embed = nnx.Linear(points * in_channels, config.width, dtype=dtype, rngs=rngs)
        self.position = nnx.Linear(4 * _OCTAVES, config.width, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List([])
        for _ in range(config.depth):
            attention = SelfAttention(config.width, heads=config.heads, dtype=dtype, rngs=rngs)
            block = PreNormBlock(attention, config.width, 4 * config.width, dtype=dtype, rngs=rngs)
            self.blocks.append(block)
        self.norm = LayerNorm(config.width, rngs=rngs)
        self.head = nnx.Linear(config.width, points * out_channels, dtype=dtype, rngs=rngs)

    def __call__(
        self, fields: Float[Array, "batch height width channel"], coordinates: Coordinates | None = None
    ) -> Float[Array, "batch height width out"]:
        batch, height, width, _ = fields.shape
        patch, rows, columns = self.patch, -(-height // self.patch), -(-width // self.patch)
        padding = ((0, 0), (0, rows * patch - height), (0, columns * patch - width), (0, 0))
        cells = jnp.pad(fields, padding).reshape(batch, rows, patch, columns, patch, -1).swapaxes(2, 3)
        tokens = self.embed(cells.reshape(batch, rows, columns, -1))
        x, y = coordinates_or_nodes((height, width), coordinates)
        tokens = tokens + self.position(_position_features(_centres(x, patch), _centres(y, patch)))
        for block in self.blocks:
            tokens = block(tokens)
        cells = self.head(self.norm(tokens)).reshape(batch, rows, columns, patch, patch, self.out_channels)
        points = cells.swapaxes(2, 3).reshape(batch, rows * patch, columns * patch, self.out_channels)
        return points[:, :height, :width]


def _centres(axis: Float[Array, " n"], patch: int) -> Float[Array, " patches"]:
    """Mean coordinate of the real points of each patch along one axis."""
    starts = np.arange(0, len(axis), patch)
    return jnp.stack([axis[s : s + patch].mean() for s in starts])


def _position_features(
    x: Float[Array, " rows"], y: Float[Array, " columns"]
) -> Float[Array, "1 rows columns feature"]:
    """Sines and cosines of pi 2^k x and pi 2^k y for k below the number of octaves."""

    def waves(axis: Float[Array, " n"]) -> Float[Array, "n wave"]:
        phase = jnp.pi * axis[:, None] * (2.0 ** jnp.arange(_OCTAVES, dtype=axis.dtype))[None, :]
        return jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], axis=1)

    rows, columns = waves(x)[:, None, :], waves(y)[None, :, :]
    shape = (x.shape[0], y.shape[0], rows.shape[-1])
    return jnp.concatenate([jnp.broadcast_to(rows, shape), jnp.broadcast_to(columns, shape)], axis=-1)[None]
