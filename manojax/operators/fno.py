"""FNO, the Fourier neural operator."""

import dataclasses
import math
from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.basic import MLP, Linear, gelu, residual_init
from manojax.layers.coordinates import Coordinates, append_coordinates
from manojax.layers.spectral import SpectralConv, held_modes
from manojax.layers.trunk import in_sequence
from manojax.operators.base import ModelConfig, Operator

_MODES = 12
# Where GELU is close to linear, blocks keep the scale of their features; nearer to zero each block halves it.
_lift_init = nnx.initializers.variance_scaling(16.0, "fan_in", "truncated_normal")


@dataclass(frozen=True)
class FNOConfig(ModelConfig):
    """Options of FNO."""

    width: int = 32
    """Channels of the feature map."""
    depth: int = 4
    """Number of Fourier blocks."""
    modes: tuple[int, ...] | None = None
    """Modes kept along each axis, |k| < modes; by default 12, or fewer where the training grid holds fewer."""
    nyquist: bool = False
    """Keep k = -modes too, and k = modes along the last axis, where a grid holds them (see `SpectralConv`)."""
    lift_ratio: float = 2.0
    """Hidden channels of the lift as a multiple of the width."""
    projection_ratio: float = 2.0
    """Hidden channels of the projection as a multiple of the width."""
    mlp_ratio: float = 0.5
    """Hidden channels of the blocks' MLPs as a multiple of the width."""
    padding: float = 0.0
    """Zeros appended to each axis before the first block and cut off after the last, as a fraction of the axis;
    none to a periodic one."""
    coordinates: bool = True
    """Give every point its coordinates as input channels."""
    remat: bool = False
    """Compute blocks a second time in the gradient instead of keeping their activations."""

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.padding <= 10:
            raise ValueError(f"padding={self.padding}: give a fraction of the grid, 0 to 10")
        for name in ("lift_ratio", "projection_ratio", "mlp_ratio"):
            if not 0 < getattr(self, name) <= 100:
                raise ValueError(f"{name}={getattr(self, name)}: give a positive number, at most 100")

    def for_grid(self, shape: tuple[int, ...]) -> "FNOConfig":
        self.check_dimensions(len(shape))
        held = tuple(held_modes(n) for n in shape)
        if self.modes is None:
            return dataclasses.replace(self, modes=tuple(min(_MODES, n) for n in held))
        if any(m > n for m, n in zip(self.modes, held, strict=True)):
            asked, grid, most = (
                " ".join(map(str, self.modes)),
                " x ".join(map(str, shape)),
                " ".join(map(str, held)),
            )
            raise ValueError(f"modes {asked} do not fit the {grid} training grid; it holds at most {most}")
        return self

    def hidden(self, ratio: float) -> int:
        """Channels of a hidden layer."""
        return max(1, round(ratio * self.width))


class FNO(Operator):
    """Fourier neural operator (Li et al., arXiv 2010.08895; the architecture of neuraloperator 2.0's defaults).

    Lift = Linear-GELU-Linear on fields and coordinates; blocks y = g(SpectralConv(x) + W x), then
    g(MLP(y) + s * x) with g = GELU (the identity in the last block) and s one learned factor a channel;
    projection = Linear-GELU-Linear.

    Raises:
        ValueError: an option does not fit (see `Operator`).
    """

    Config = FNOConfig

    def build(self, config: FNOConfig, rngs: nnx.Rngs) -> None:
        dimensions, dtype = self.dimensions, self.dtype
        width, modes = config.width, config.modes or (_MODES,) * dimensions
        self.coordinates, self.padding, self.remat = config.coordinates, config.padding, config.remat
        inputs = self.in_channels + (dimensions if config.coordinates else 0)
        hidden = config.hidden(config.lift_ratio)
        self.lift = MLP(inputs, hidden, width, output_init=_lift_init, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List([])
        for index in range(config.depth):
            last = index == config.depth - 1
            self.blocks.append(FourierBlock(config, modes, activated=not last, dtype=dtype, rngs=rngs))
        hidden = config.hidden(config.projection_ratio)
        self.projection = MLP(width, hidden, self.out_channels, dtype=dtype, rngs=rngs)

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *grid out"]:
        grid = fields.shape[1:-1]
        x = self.lift(append_coordinates(fields, coordinates) if self.coordinates else fields)
        rings = zip(grid, self.periodic, strict=True)
        padding = [(0, 0 if ring else math.ceil(self.padding * n)) for n, ring in rings]
        x = jnp.pad(x, [(0, 0), *padding, (0, 0)])
        x = in_sequence(self.blocks, x, remat=self.remat, scan=False)
        return self.projection(x[:, *(slice(n) for n in grid)])


class FourierBlock(nnx.Module):
    """y = g(SpectralConv(x) + W x), then g(MLP(y) + s * x)."""

    def __init__(
        self, config: FNOConfig, modes: tuple[int, ...], *, activated: bool, dtype: DTypeLike, rngs: nnx.Rngs
    ):
        width = config.width
        self.activation = gelu if activated else _identity
        self.spectral = SpectralConv(width, width, modes, nyquist=config.nyquist, rngs=rngs)
        self.skip = Linear(width, width, dtype=dtype, rngs=rngs)
        output_init = residual_init(config.depth)
        hidden = config.hidden(config.mlp_ratio)
        self.mlp = MLP(width, hidden, width, output_init=output_init, dtype=dtype, rngs=rngs)
        self.gate = nnx.Param(jnp.ones((width,)))

    def __call__(self, x: Float[Array, "batch *grid channel"]) -> Float[Array, "batch *grid channel"]:
        y = self.activation(self.spectral(x) + self.skip(x))
        gate = jnp.expand_dims(self.gate[...].astype(x.dtype), range(x.ndim - 1))
        return self.activation(self.mlp(y) + gate * x)


def _identity(x: Array) -> Array:
    return x
