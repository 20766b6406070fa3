"""FNO, the Fourier neural operator."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.base import ModelConfig, Operator
from manojax.grids import Coordinates, append_coordinates
from manojax.layers import MLP
from manojax.spectral import SpectralConv, held_modes

_MODES = 12


@dataclass(frozen=True)
class FNOConfig(ModelConfig):
    """Options of FNO."""

    width: int = 32
    """Channels of the feature map."""
    depth: int = 4
    """Number of Fourier blocks."""
    modes: tuple[int, ...] | None = None
    """Modes kept along each axis, |k| < modes; by default 12, or fewer where the training grid holds fewer."""
    padding: float = 0.0
    """Zeros appended to each axis before the first block and cut off after the last, as a fraction of the axis."""

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.padding < math.inf:
            raise ValueError(f"padding {self.padding} must be a fraction, zero or more")

    def for_grid(self, shape: tuple[int, ...]) -> "FNOConfig":
        held = tuple(held_modes(n) for n in shape)
        if self.modes is None:
            return dataclasses.replace(self, modes=tuple(min(_MODES, n) for n in held))
        if any(m > n for m, n in zip(self.modes, held, strict=True)):
            raise ValueError(
                f"modes {self.modes[0]} {self.modes[1]} do not fit the {shape[0]} x {shape[1]} training grid; "
                f"it holds at most {held[0]} {held[1]}"
            )
        return self


class FNO(Operator):
    """Fourier neural operator (Li et al., arXiv 2010.08895; block as in neuraloperator's, with a channel MLP).

    Lift = Linear-GELU-Linear on fields and coordinates; blocks y = g(SpectralConv(x) + W x), then
    g(MLP(y) + s * x) with g = GELU (the identity in the last block) and s one learned factor a channel;
    projection = Linear-GELU-Linear.

    Raises:
        ValueError: a mode count below 1.
    """

    Config = FNOConfig

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: FNOConfig = FNOConfig(),
        *,
        dimensions: int = 2,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        width = config.width
        self.padding = config.padding
        self.lift = MLP(in_channels + dimensions, 2 * width, width, dtype=dtype, rngs=rngs)
        modes = config.modes or (_MODES, _MODES)
        self.blocks = nnx.List([_Block(width, modes, dtype, rngs) for _ in range(config.depth)])
        self.projection = MLP(width, 2 * width, out_channels, dtype=dtype, rngs=rngs)

    def __call__(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None = None
    ) -> Float[Array, "batch *grid out"]:
        height, width = fields.shape[1:3]
        x = self.lift(append_coordinates(fields, coordinates))
        extra = [math.ceil(self.padding * n) for n in (height, width)]
        x = jnp.pad(x, ((0, 0), (0, extra[0]), (0, extra[1]), (0, 0)))
        for index, block in enumerate(self.blocks):
            last = index == len(self.blocks) - 1
            x = block(x, activation=(lambda y: y) if last else jax.nn.gelu)
        return self.projection(x[:, :height, :width])


class _Block(nnx.Module):
    def __init__(self, width: int, modes: tuple[int, ...], dtype: DTypeLike, rngs: nnx.Rngs):
        self.spectral = SpectralConv(width, width, modes, rngs=rngs)
        self.skip = nnx.Linear(width, width, dtype=dtype, rngs=rngs)
        self.mlp = MLP(width, max(1, width // 2), width, dtype=dtype, rngs=rngs)
        self.gate = nnx.Param(jnp.ones((width,)))

    def __call__(
        self, x: Float[Array, "batch *grid channel"], activation: Callable[[Array], Array]
    ) -> Float[Array, "batch *grid channel"]:
        y = activation(self.spectral(x) + self.skip(x))
        gated = self.gate[...].astype(x.dtype)[None, None, None, :] * x
        return activation(self.mlp(y) + gated)
