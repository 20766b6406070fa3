"""MANO, the multipole attention neural operator."""

import dataclasses
from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jaxtyping import Float

from manojax.layers.basic import LayerNorm, Linear
from manojax.layers.cells import cell_counts, check_patches, from_patches, to_patches
from manojax.layers.coordinates import Coordinates, append_coordinates, mean_spacing
from manojax.layers.halo import Space
from manojax.layers.multipole import Finest, LevelSum, MultipoleAttention, Position
from manojax.layers.pyramid import Down, Up, level_count
from manojax.layers.trunk import in_sequence, pre_norm_blocks
from manojax.operators.base import ModelConfig, Operator


@dataclass(frozen=True)
class MANOConfig(ModelConfig):
    """Options of MANO; `MultipoleAttention` gives the reasons for the attention options."""

    width: int = 32
    """Channels of the feature map."""
    depth: int = 4
    """Number of blocks."""
    heads: int = 4
    """Attention heads; they divide the width."""
    expansion: int = 1
    """Channels between the two matrices of an MLP, in units of the width."""
    patch: int = 1
    """Points a side of the patches on which the blocks work. A patch starts from the inputs of all its points, and
    ends as the outputs of all of them; with 1 it is a point."""
    window: int = 2
    """Points a side of an attention window."""
    stride: int = 1
    """Points between the starts of windows: 1 overlaps them, `window` makes them disjoint."""
    shifted: bool = False
    """Shift windows by half their stride in every other block."""
    rate: int = 2
    """Ratio of the sides of neighbouring levels."""
    levels: int | None = None
    """Maximum levels; by default as many as the grid allows."""
    weight_sets: int | None = 1
    """Number of levels with weights of their own; all coarser levels use the last set. None gives each level of
    the training grid its own set."""
    down: Down = "learned"
    """Down-sampling: a matrix, or the mean of a cell."""
    up: Up = "learned"
    """Up-sampling: a matrix, or the nearest coarse point."""
    level_sum: LevelSum = "cycle"
    """How levels are joined. In a cycle each level attends to the result of the coarser levels. The others are
    sums: plain as in the paper, reference with the authors' 1/k factors, or gated."""
    finest: Finest = "convolution"
    """Layer that mixes neighbours at the finest level: a 3^d convolution, or attention as elsewhere."""
    position: Position = "none"
    """Bias of attention by relative position: none, a table, or a function of the physical offset."""
    cosine: bool = False
    """Use cosine attention in place of scaled dot products."""
    coordinates: bool = True
    """Give every point its coordinates as input channels."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""

    def for_grid(self, shape: tuple[int, ...]) -> "MANOConfig":
        if self.weight_sets is not None:
            return self
        patches = cell_counts(shape, (self.patch,) * len(shape))
        held = level_count(patches, self.rate, self.window)
        return dataclasses.replace(self, weight_sets=min(held, self.levels or held))


@dataclass(frozen=True)
class PaperConfig(MANOConfig):
    """Options of MANO as the paper describes it: disjoint windows, attention at all levels, plain sum."""

    stride: int = 2
    level_sum: LevelSum = "plain"
    finest: Finest = "attention"


@dataclass(frozen=True)
class ReferenceConfig(MANOConfig):
    """Options of MANO as the authors' physics code has it: windows at every point, 1/k factors, no coordinates."""

    width: int = 128
    depth: int = 8
    level_sum: LevelSum = "reference"
    finest: Finest = "attention"
    coordinates: bool = False


class MANO(Operator):
    """Multipole attention neural operator (Colagrande et al., arXiv 2507.02748).

    Lift = a linear map at every point; blocks x + MultipoleAttention(LN(x)), then x + FF(LN(x)) with
    FF = Linear-GELU-Linear; LayerNorm; head = Linear-Tanh-Linear. With patches, lift and head are maps of patches,
    and a grid that the patch does not divide is continued by zeros.

    The defaults did best on Darcy flow (`benchmarks/results/accuracy.md`) and depart from the paper: windows start
    at every point, levels correct one another in a cycle in place of the sum, and the finest level has a
    convolution. `PaperMANO` has none of these.

    Raises:
        ValueError: an option does not fit (see `MultipoleAttention`).
    """

    Config = MANOConfig
    splits_space = True

    def build(self, config: MANOConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        width = config.width
        self.coordinates, self.remat = config.coordinates, config.remat
        self.scan = config.finest == "attention"
        self.patch = (config.patch,) * dimensions
        points = config.patch**dimensions
        inputs = self.in_channels + (dimensions if config.coordinates else 0)
        self.lift = Linear(points * inputs, width, dtype=dtype, rngs=rngs)

        def attention(index: int, output_init: Initializer) -> nnx.Module:
            return MultipoleAttention(
                width,
                heads=config.heads,
                window=config.window,
                stride=config.stride,
                shift=config.stride // 2 if config.shifted and index % 2 else 0,
                rate=config.rate,
                levels=config.levels,
                weight_sets=config.weight_sets or 1,
                down=config.down,
                up=config.up,
                level_sum=config.level_sum,
                finest=config.finest,
                position=config.position,
                cosine=config.cosine,
                dimensions=dimensions,
                periodic=self.periodic,
                output_init=output_init,
                dtype=dtype,
                rngs=rngs,
            )

        hidden = config.expansion * width
        blocks = pre_norm_blocks(attention, config.depth, width, hidden, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List(blocks)
        self.norm = LayerNorm(width, rngs=rngs)
        self.head_in = Linear(width, width, dtype=dtype, rngs=rngs)
        self.head_out = Linear(width, points * self.out_channels, dtype=dtype, rngs=rngs)

    def forward(
        self,
        fields: Float[Array, "batch *grid channel"],
        coordinates: Coordinates | None,
        space: Space | None = None,
    ) -> Float[Array, "batch *grid out"]:
        """Map fields to fields; with a `space`, this device's piece of them (see `manojax.operators.sharding`).

        Raises:
            ValueError: the pieces cannot be divided into patches, or not be coarsened; or a periodic axis cannot
                be divided into patches.
        """
        grid = fields.shape[1:-1]
        check_patches(grid, self.patch, self.periodic)
        if space is not None and grid[0] % self.patch[0]:
            raise ValueError(f"a device has {grid[0]} rows: a multiple of the patch {self.patch[0]} is needed")
        spacing = self.patch[0] * mean_spacing(grid, coordinates, space)
        points = append_coordinates(fields, coordinates) if self.coordinates else fields
        x = self.lift(to_patches(points, self.patch))
        x = in_sequence(self.blocks, x, spacing, space, remat=self.remat, scan=self.scan)
        return from_patches(self.head_out(jnp.tanh(self.head_in(self.norm(x)))), self.patch, grid)


class PaperMANO(MANO):
    """MANO as the paper describes it."""

    Config = PaperConfig


class ReferenceMANO(MANO):
    """MANO as in the authors' physics code (inferred from its description; see `ReferenceConfig`)."""

    Config = ReferenceConfig
