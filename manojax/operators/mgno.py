"""MgNO, the multigrid neural operator: linear V-cycles with a GELU after each."""

import dataclasses
from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.basic import Linear, default_init, gelu, residual_init
from manojax.layers.convolution import RATE, Convolution, held_levels
from manojax.layers.coordinates import Coordinates, append_coordinates
from manojax.layers.pyramid import Downsample, Upsample
from manojax.layers.trunk import in_sequence
from manojax.operators.base import ModelConfig, Operator

Map = Float[Array, "batch *grid channel"]


@dataclass(frozen=True)
class MgNOConfig(ModelConfig):
    """Options of MgNO."""

    width: int = 24
    """Channels of the feature map, the same on all levels."""
    depth: int = 4
    """Number of V-cycles, a GELU after each."""
    levels: int = 5
    """Maximum levels; grids of few points have fewer."""
    coordinates: bool = True
    """Give every point its coordinates as input channels."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""

    def for_grid(self, shape: tuple[int, ...]) -> "MgNOConfig":
        return dataclasses.replace(self, levels=min(self.levels, held_levels(shape)))


class VCycle(nnx.Module):
    """A multigrid V-cycle with learned kernels, linear in f (He, Liu, Xu, arXiv 2310.19809).

    With 3^d convolutions S, S' (smoothers) and A on each level, R and P the matrices from the points of a cell to
    its coarse point and back,

        u = S f,    u <- u + P VCycle(R (f - A u)),    u <- u + S' (f - A u),

    with no correction between the two smoothings on the coarsest level. There is no bias. Where a grid at call
    time has fewer levels than the module, the deepest levels stay unused.

    Args:
        width: channels.
        levels: number of maps in the pyramid; each has weights of its own.
        dimensions: axes of the grid.
        periodic: True for each axis that is periodic.
        smoother_init: initialiser of S and S'.
        dtype: precision of activations.
    """

    def __init__(
        self,
        width: int,
        *,
        levels: int,
        dimensions: int = 2,
        periodic: tuple[bool, ...] = (),
        smoother_init: Initializer = default_init,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        kind = {"dimensions": dimensions, "dtype": dtype, "rngs": rngs}

        def convolutions(kernel_init: Initializer) -> list[Convolution]:
            options = {"use_bias": False, "kernel_init": kernel_init, "periodic": periodic, **kind}
            return [Convolution(width, width, **options) for _ in range(levels)]

        self.periodic = periodic
        self.operator = nnx.List(convolutions(default_init))
        self.before = nnx.List(convolutions(smoother_init))
        self.after = nnx.List(convolutions(smoother_init))
        self.restriction = nnx.List([Downsample(width, RATE, "learned", **kind) for _ in range(levels - 1)])
        self.prolongation = nnx.List([Upsample(width, RATE, "learned", **kind) for _ in range(levels - 1)])

    def __call__(self, f: Map) -> Map:
        count = min(len(self.operator), held_levels(f.shape[1:-1], self.periodic))
        return self._from_level(0, count, f)

    def _from_level(self, level: int, count: int, f: Map) -> Map:
        """Apply the V-cycle of a level and of all coarser levels."""
        operator = self.operator[level]
        u = self.before[level](f)
        if level + 1 < count:
            residual = self.restriction[level](f - operator(u))
            correction = self._from_level(level + 1, count, residual)
            u = u + self.prolongation[level](correction, f.shape[1:-1])
        return u + self.after[level](f - operator(u))


class MgNO(Operator):
    """Multigrid neural operator (He, Liu, Xu, arXiv 2310.19809), on grids of any dimension.

    Lift = a linear map at every point; blocks v <- 2 gelu(W v + b) with W v = VCycle(v) + L v and L a matrix at
    every point, as in the authors' code for Darcy flow; head = a linear map at every point. There is no
    normalisation and no residual connection around the GELU.

    Differences from the paper: one smoothing before and one after each correction, and one A a level; R and P have
    a kernel of 2^d points, the size of the stride, in place of 3^d and 4^d; b is one number a channel, not a
    function; borders are continued by zeros; a lift, a head and coordinates are added, and the factor 2,
    which W could hold as well.

    The initialisation keeps the scale of fields of unit variance at any depth. GELU is x/2 plus an even function
    that is quadratic near zero: 2 gelu has slope 1, L starts orthogonal and the V-cycle starts as a small addition
    to it, so a block starts near an isometry. (Convolutions could not carry the scale as L does: they lose some at
    every border.) Summed over all blocks, the quadratic parts and the V-cycles must add less than the scale of one
    block: hence a variance of 1 / (16 depth) after the lift, which the head undoes, and smoothers of a variance of
    1 / (8 depth), since a V-cycle has up to four times the variance of its first smoothing, however many levels it
    has. Fields of several times unit variance grow in models of many blocks: nothing holds them back.
    """

    Config = MgNOConfig

    def build(self, config: MgNOConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        width, small = config.width, 16 * config.depth
        self.coordinates, self.remat = config.coordinates, config.remat
        inputs = self.in_channels + (dimensions if config.coordinates else 0)
        self.lift = Linear(inputs, width, kernel_init=residual_init(small), dtype=dtype, rngs=rngs)
        self.blocks = nnx.List([])
        for _ in range(config.depth):
            cycle = VCycle(
                width,
                levels=config.levels,
                dimensions=dimensions,
                periodic=self.periodic,
                smoother_init=residual_init(8 * config.depth),
                dtype=dtype,
                rngs=rngs,
            )
            self.blocks.append(_Block(cycle, width, dtype=dtype, rngs=rngs))
        head_init = nnx.initializers.variance_scaling(small, "fan_in", "truncated_normal")
        self.head = Linear(width, self.out_channels, kernel_init=head_init, dtype=dtype, rngs=rngs)

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *grid out"]:
        v = self.lift(append_coordinates(fields, coordinates) if self.coordinates else fields)
        return self.head(in_sequence(self.blocks, v, remat=self.remat, scan=False))


class _Block(nnx.Module):
    """2 gelu(VCycle(v) + L v + b)."""

    def __init__(self, cycle: VCycle, width: int, *, dtype: DTypeLike, rngs: nnx.Rngs):
        self.cycle = cycle
        self.pointwise = Linear(width, width, kernel_init=nnx.initializers.orthogonal(), dtype=dtype, rngs=rngs)

    def __call__(self, v: Map) -> Map:
        return 2 * gelu(self.cycle(v) + self.pointwise(v))
