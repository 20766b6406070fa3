"""FMA, a transformer of fast multipole attention on the points of the grid."""

import dataclasses
from dataclasses import dataclass

from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jaxtyping import Float

from manojax.layers.basic import MLP, LayerNorm, Linear
from manojax.layers.coordinates import Coordinates, append_coordinates
from manojax.layers.fast_multipole import FastMultipoleAttention
from manojax.layers.interactions import far_levels
from manojax.layers.trunk import in_sequence, pre_norm_blocks
from manojax.operators.base import ModelConfig, Operator


@dataclass(frozen=True)
class FMAConfig(ModelConfig):
    """Options of FMA; `FastMultipoleAttention` gives the reasons for the attention options."""

    width: int = 32
    """Channels of the feature map."""
    depth: int = 4
    """Number of blocks."""
    heads: int = 4
    """Attention heads; they divide the width."""
    group: int = 4
    """Points a side of a group; adjacent groups attend exactly."""
    summaries: int = 2
    """Summaries a side of a group; they divide `group`."""
    levels: int | None = None
    """Number of levels with weights of their own; all coarser levels use the last set. None gives each level of
    the training grid its own set."""
    summarise_queries: bool = False
    """Summarise far queries too, so that the cost is linear in the number of points."""
    coordinates: bool = True
    """Give every point its coordinates as input channels."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""

    def for_grid(self, shape: tuple[int, ...]) -> "FMAConfig":
        if self.levels is not None:
            return self
        return dataclasses.replace(self, levels=max(1, len(far_levels(shape, self.group))))


class FMA(Operator):
    """Fast multipole attention (Kang et al., arXiv 2310.11960) from fields to fields.

    Lift = a linear map of fields and coordinates at every point; pre-norm blocks of `FastMultipoleAttention` and a
    GELU MLP of four times the width; LayerNorm; head = Linear-GELU-Linear.

    Raises:
        ValueError: an option does not fit (see `FastMultipoleAttention`).
    """

    Config = FMAConfig

    def build(self, config: FMAConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        width = config.width
        self.remat = config.remat
        self.coordinates = config.coordinates
        inputs = self.in_channels + (dimensions if config.coordinates else 0)
        self.lift = Linear(inputs, width, dtype=dtype, rngs=rngs)

        def attention(_: int, output_init: Initializer) -> nnx.Module:
            return FastMultipoleAttention(
                width,
                heads=config.heads,
                group=config.group,
                summaries=config.summaries,
                levels=config.levels or 1,
                summarise_queries=config.summarise_queries,
                dimensions=dimensions,
                periodic=self.periodic,
                output_init=output_init,
                dtype=dtype,
                rngs=rngs,
            )

        blocks = pre_norm_blocks(attention, config.depth, width, 4 * width, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List(blocks)
        self.norm = LayerNorm(width, rngs=rngs)
        self.head = MLP(width, width, self.out_channels, dtype=dtype, rngs=rngs)

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *grid out"]:
        x = self.lift(append_coordinates(fields, coordinates) if self.coordinates else fields)
        return self.head(self.norm(in_sequence(self.blocks, x, remat=self.remat)))
