"""ViT, a plain vision transformer on patches: the baseline with full attention."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jaxtyping import Float

from manojax.layers.attention import SelfAttention
from manojax.layers.basic import LayerNorm, Linear
from manojax.layers.cells import check_patches, from_patches, to_patches
from manojax.layers.coordinates import Coordinates, coordinates_or_nodes
from manojax.layers.trunk import in_sequence, pre_norm_blocks
from manojax.operators.base import ModelConfig, Operator

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
    coordinates: bool = True
    """Add a learned map of its place to every token."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""


@dataclass(frozen=True)
class FullAttentionConfig(ViTConfig):
    """Options of ViT with a token for every point."""

    patch: int = 1


class ViT(Operator):
    """Vision transformer (Dosovitskiy et al., arXiv 2010.11929) from fields to fields.

    Patches of `patch` points a side become tokens, which pass through pre-norm blocks of full softmax attention
    and a GELU MLP of four times the width; each token is mapped back to the values of its patch. The position of a
    token is a learned map of sines and cosines of its centre's coordinates, so it has a meaning on every grid.
    Patches that reach over the border are continued by zeros, which add nothing to the patch embedding.

    Cost is quadratic in the number of patches.

    Raises:
        ValueError: heads do not divide the width.
    """

    Config = ViTConfig

    def build(self, config: ViTConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        self.remat = config.remat
        self.sides = (config.patch,) * dimensions
        points = config.patch**dimensions
        self.embed = Linear(points * self.in_channels, config.width, dtype=dtype, rngs=rngs)
        self.position = (
            Linear(2 * _OCTAVES * dimensions, config.width, dtype=dtype, rngs=rngs) if config.coordinates else None
        )

        def attention(_: int, output_init: Initializer) -> nnx.Module:
            return SelfAttention(
                config.width,
                heads=config.heads,
                output_init=output_init,
                dtype=dtype,
                rngs=rngs,
            )

        blocks = pre_norm_blocks(attention, config.depth, config.width, 4 * config.width, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List(blocks)
        self.norm = LayerNorm(config.width, rngs=rngs)
        self.head = Linear(config.width, points * self.out_channels, dtype=dtype, rngs=rngs)

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *grid out"]:
        grid = fields.shape[1:-1]
        check_patches(grid, self.sides, self.periodic)
        tokens = self.embed(to_patches(fields, self.sides))
        if self.position is not None:
            axes = coordinates_or_nodes(grid, coordinates)
            centres = [_centres(axis, side) for axis, side in zip(axes, self.sides, strict=True)]
            tokens = tokens + self.position(_position_features(centres))
        tokens = in_sequence(self.blocks, tokens, remat=self.remat)
        return from_patches(self.head(self.norm(tokens)), self.sides, grid)


class FullAttention(ViT):
    """Full attention among all points of the grid."""

    Config = FullAttentionConfig


def _centres(axis: Float[Array, " n"], patch: int) -> Float[Array, " patches"]:
    """Mean coordinate of the real points of each patch along one axis."""
    starts = np.arange(0, len(axis), patch)
    return jnp.stack([axis[s : s + patch].mean() for s in starts])


def _position_features(axes: list[Float[Array, " _"]]) -> Float[Array, "1 *patches feature"]:
    """Sines and cosines of pi 2^k x, for each coordinate x and k below the number of octaves."""
    shape = tuple(len(axis) for axis in axes)
    features = []
    for position in jnp.meshgrid(*axes, indexing="ij"):
        for k in range(_OCTAVES):
            features += [jnp.sin(jnp.pi * 2**k * position), jnp.cos(jnp.pi * 2**k * position)]
    return jnp.stack(features, axis=-1).reshape(1, *shape, len(features))
