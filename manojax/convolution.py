"""Convolutions of three points a side, and how far a pyramid of maps has use for them."""

from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers import default_init
from manojax.pyramid import level_count
from manojax.space import Space

RATE = 2
"""Ratio of the sides of neighbouring levels."""


class Convolution(nnx.Module):
    """A convolution with a kernel of 3^d points; the map is continued by zeros beyond its border.

    Channels last and dense: depthwise kernels are slower on the CPU than dense ones.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        dimensions: int,
        use_bias: bool = True,
        kernel_init: Initializer = default_init,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        self.convolution = nnx.Conv(
            in_channels,
            out_channels,
            kernel_size=(3,) * dimensions,
            use_bias=use_bias,
            kernel_init=kernel_init,
            dtype=dtype,
            rngs=rngs,
        )

    def __call__(
        self, x: Float[Array, "batch *grid channel"], space: Space | None = None
    ) -> Float[Array, "batch *grid out"]:
        """Convolve a map; with a `space`, this device's piece of it."""
        if space is None:
            return self.convolution(x)
        return self.convolution(space.with_halo(x, 1))[:, 1:-1]


def held_levels(grid: tuple[int, ...]) -> int:
    """Levels down to two points a side: on a single point a convolution is no more than its middle matrix."""
    return level_count(grid, RATE, window=2)
