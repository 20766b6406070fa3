"""U-Net, convolutions on a pyramid of maps: the baseline without attention or spectra."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.basic import LayerNorm, Linear, gelu, residual_init
from manojax.layers.convolution import RATE, Convolution, held_levels
from manojax.layers.coordinates import Coordinates, append_coordinates
from manojax.layers.pyramid import Downsample, Upsample
from manojax.layers.trunk import in_sequence
from manojax.operators.base import ModelConfig, Operator

Map = Float[Array, "batch *grid channel"]


@dataclass(frozen=True)
class UNetConfig(ModelConfig):
    """Options of U-Net."""

    width: int = 12
    """Channels of the finest level; each coarser level has twice as many."""
    depth: int = 1
    """Blocks of a level on the way down, and as many on the way up."""
    levels: int = 4
    """Maximum levels; grids of few points have fewer."""
    coordinates: bool = True
    """Give every point its coordinates as input channels."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""

    def for_grid(self, shape: tuple[int, ...]) -> "UNetConfig":
        return dataclasses.replace(self, levels=min(self.levels, held_levels(shape)))


class UNet(Operator):
    """U-Net (Ronneberger et al., arXiv 1505.04597), on grids of any dimension.

    Lift = a linear map at every point. B stands for residual blocks of two convolutions, pool for the mean over
    the real points of a cell of 2^d points, W and M for linear maps at every point, and copy for the coarse value
    at each point of a cell:

        x_l = B(W pool(x_{l-1})),        y_l = B'(M [x_l, copy(y_{l+1})]),        y_L = B'(x_L) at the coarsest;

    head = LayerNorm, then a linear map at every point. Each level has twice the channels of the finer one and half
    its points a side, rounded up, so that no level holds a point outside the grid. Where a grid at call time has
    fewer levels than the model, the deepest levels stay unused.

    Differences from the paper: blocks are residual and normalised, as has become usual, so that depth does no
    harm; convolutions keep the size of the map; pooling takes the mean instead of the maximum; M contains the
    matrix of the up-sampling.
    """

    Config = UNetConfig

    def build(self, config: UNetConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        self.coordinates, self.remat = config.coordinates, config.remat
        inputs = self.in_channels + (dimensions if config.coordinates else 0)
        self.lift = Linear(inputs, config.width, dtype=dtype, rngs=rngs)
        output_init = residual_init(2 * config.depth * config.levels)
        self.blocks = nnx.List([])
        for index in range(config.levels):
            level = _Level(
                config.width * 2**index,
                config.depth,
                coarsest=index == config.levels - 1,
                dimensions=dimensions,
                periodic=self.periodic,
                output_init=output_init,
                dtype=dtype,
                rngs=rngs,
            )
            self.blocks.append(level)
        self.norm = LayerNorm(config.width, rngs=rngs)
        self.head = Linear(config.width, self.out_channels, dtype=dtype, rngs=rngs)

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *grid out"]:
        x = self.lift(append_coordinates(fields, coordinates) if self.coordinates else fields)
        count = min(len(self.blocks), held_levels(fields.shape[1:-1], self.periodic))
        return self.head(self.norm(self._from_level(0, count, x)))

    def _from_level(self, index: int, count: int, x: Map) -> Map:
        """Apply a level and all coarser levels."""
        level = self.blocks[index]
        x = self._run(level.descent, x)
        if index + 1 < count:
            coarse = self._from_level(index + 1, count, level.widen(level.pool(x)))
            x = level.merge(jnp.concatenate([x, level.copy(coarse, x.shape[1:-1])], axis=-1))
        return self._run(level.ascent, x)

    def _run(self, blocks: Iterable["_Block"], x: Map) -> Map:
        return in_sequence(tuple(blocks), x, remat=self.remat, scan=False)


class _Level(nnx.Module):
    """The blocks of one level, and its maps to the next coarser level and back."""

    def __init__(
        self,
        width: int,
        depth: int,
        *,
        coarsest: bool,
        dimensions: int,
        periodic: tuple[bool, ...],
        output_init: Initializer,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        kind = {"dimensions": dimensions, "dtype": dtype, "rngs": rngs}
        block = {"output_init": output_init, "periodic": periodic, **kind}
        self.descent = nnx.List([_Block(width, **block) for _ in range(depth)])
        self.ascent = nnx.List([_Block(width, **block) for _ in range(depth)])
        if not coarsest:
            self.pool = Downsample(width, RATE, "pooled", **kind)
            self.widen = Linear(width, 2 * width, dtype=dtype, rngs=rngs)
            self.copy = Upsample(2 * width, RATE, "nearest", **kind)
            self.merge = Linear(3 * width, width, dtype=dtype, rngs=rngs)


class _Block(nnx.Module):
    """x + C(gelu(C(LN(x)))) with convolutions C."""

    def __init__(
        self,
        width: int,
        *,
        dimensions: int,
        periodic: tuple[bool, ...],
        output_init: Initializer,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        kind = {"dimensions": dimensions, "periodic": periodic, "dtype": dtype, "rngs": rngs}
        self.norm = LayerNorm(width, rngs=rngs)
        self.first = Convolution(width, width, **kind)
        self.second = Convolution(width, width, kernel_init=output_init, **kind)

    def __call__(self, x: Map) -> Map:
        return x + self.second(gelu(self.first(self.norm(x))))
