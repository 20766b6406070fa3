"""Convolutions of three points a side, and how far a pyramid of maps has use for them."""

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
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
            conv_general_dilated=_convolve,
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


def _convolve(
    x: Float[Array, "batch *grid channel"],
    kernel: Float[Array, "*points channel out"],
    *arguments: Any,
    **options: Any,
) -> Float[Array, "batch *grid out"]:
    """As `nnx.Conv` asks for it: on CPUs a product, elsewhere XLA's own convolution."""
    general = functools.partial(jax.lax.conv_general_dilated, **options)
    return jax.lax.platform_dependent(
        x, kernel, cpu=_product, default=lambda x, kernel: general(x, kernel, *arguments)
    )


@jax.checkpoint
def _product(
    x: Float[Array, "batch *grid channel"], kernel: Float[Array, "*points channel out"]
) -> Float[Array, "batch *grid out"]:
    """All shifts of the map beside one another, times the kernel.

    Inside a loop XLA's convolution and its gradient run ten times slower than outside on a CPU; this does not. The
    shifts, 3^d maps, are made anew for the gradient: copying is cheaper than keeping.
    """
    grid = x.shape[1:-1]
    padded = jnp.pad(x, ((0, 0), *((1, 1),) * len(grid), (0, 0)))
    shifts = itertools.product(range(3), repeat=len(grid))
    maps = [padded[:, *(slice(o, o + n) for o, n in zip(shift, grid, strict=True))] for shift in shifts]
    return jnp.concatenate(maps, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])


def held_levels(grid: tuple[int, ...]) -> int:
    """Levels down to two points a side: on a single point a convolution is no more than its middle matrix."""
    return level_count(grid, RATE, window=2)
