"""Convolutions of three points a side, and the number of levels of a pyramid that have use for them."""

import functools
from typing import Any

import jax
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.basic import default_init
from manojax.layers.halo import Space, unwrapped, wrapped
from manojax.layers.pyramid import level_count
from manojax.xla_cpu import convolution

RATE = 2
"""Ratio of the sides of neighbouring levels."""


class Convolution(nnx.Module):
    """A convolution with a kernel of 3^d points; the map is continued by zeros beyond its border, and by itself
    along periodic axes.

    Channels come last and kernels are dense: depthwise kernels are slower on the CPU.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        dimensions: int,
        periodic: tuple[bool, ...] = (),
        use_bias: bool = True,
        kernel_init: Initializer = default_init,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        self.periodic = periodic
        self.convolution = nnx.Conv(
            in_channels,
            out_channels,
            kernel_size=(3,) * dimensions,
            use_bias=use_bias,
            kernel_init=kernel_init,
            conv_general_dilated=_convolve,
            dtype=dtype,
            rngs=rngs,
        )

    def __call__(
        self, x: Float[Array, "batch *grid channel"], space: Space | None = None
    ) -> Float[Array, "batch *grid out"]:
        """Convolve a map; with a `space`, this device's piece of it."""
        if any(self.periodic):
            return unwrapped(self.convolution(wrapped(x, 1, self.periodic)), 1, self.periodic)
        if space is None:
            return self.convolution(x)
        return self.convolution(space.with_halo(x, 1))[:, 1:-1]


def _convolve(
    x: Float[Array, "batch *grid channel"],
    kernel: Float[Array, "*points channel out"],
    *arguments: Any,
    **options: Any,
) -> Float[Array, "batch *grid out"]:
    """Convolve as `nnx.Conv` asks for it: on CPUs by a product, elsewhere by XLA's own convolution."""
    general = functools.partial(jax.lax.conv_general_dilated, **options)
    return jax.lax.platform_dependent(
        x, kernel, cpu=convolution, default=lambda x, kernel: general(x, kernel, *arguments)
    )


def held_levels(grid: tuple[int, ...], periodic: tuple[bool, ...] = ()) -> int:
    """Count the levels down to two points a side, or to an odd number on a periodic axis.

    On a single point a convolution is no more than its middle matrix.
    """
    return level_count(grid, RATE, 2, periodic)
