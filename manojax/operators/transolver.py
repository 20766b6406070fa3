"""Transolver, a transformer whose attention joins learned slices of the domain."""

from dataclasses import dataclass

from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jaxtyping import Float

from manojax.layers.basic import MLP, LayerNorm, Linear
from manojax.layers.coordinates import Coordinates, append_coordinates
from manojax.layers.physics_attention import PhysicsAttention
from manojax.layers.trunk import in_sequence, pre_norm_blocks
from manojax.operators.base import ModelConfig, Operator


@dataclass(frozen=True)
class TransolverConfig(ModelConfig):
    """Options of Transolver."""

    width: int = 64
    """Channels of the feature map."""
    depth: int = 4
    """Number of blocks."""
    heads: int = 4
    """Attention heads; they divide the width."""
    slices: int = 32
    """Slices of a head; attention acts between them."""
    coordinates: bool = True
    """Give every point its coordinates as input channels."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""


class Transolver(Operator):
    """Transolver (Wu et al., arXiv 2402.02366), on grids of any dimension.

    Lift = Linear-GELU-Linear at every point; blocks x + PhysicsAttention(LN(x)), then x + FF(LN(x)) with
    FF = Linear-GELU-Linear; head = LayerNorm, then a linear map at every point. Cost is linear in the number of
    points.

    Raises:
        ValueError: heads do not divide the width.
    """

    Config = TransolverConfig

    def build(self, config: TransolverConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        width = config.width
        self.coordinates, self.remat = config.coordinates, config.remat
        inputs = self.in_channels + (dimensions if config.coordinates else 0)
        self.lift = MLP(inputs, 2 * width, width, dtype=dtype, rngs=rngs)

        def attention(_: int, output_init: Initializer) -> nnx.Module:
            return PhysicsAttention(
                width,
                heads=config.heads,
                slices=config.slices,
                output_init=output_init,
                dtype=dtype,
                rngs=rngs,
            )

        blocks = pre_norm_blocks(attention, config.depth, width, width, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List(blocks)
        self.norm = LayerNorm(width, rngs=rngs)
        self.head = Linear(width, self.out_channels, dtype=dtype, rngs=rngs)

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *grid out"]:
        x = self.lift(append_coordinates(fields, coordinates) if self.coordinates else fields)
        return self.head(self.norm(in_sequence(self.blocks, x, remat=self.remat)))
