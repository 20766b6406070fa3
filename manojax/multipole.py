"""Multipole attention: windowed attention at every level of a pyramid of maps, summed at the finest."""

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.attention import SelfAttention

Map = Float[Array, "batch height width channel"]


class MultipoleAttention(nnx.Module):
    """Multipole attention (Colagrande et al., arXiv 2507.02748, section 3).

    With D the down-sampling (kernel = stride = rate), U the up-sampling and Attn attention inside windows,

        X_l = D(X_{l-1}),        out = sum_l U^l(Attn(X_l)),        l = 0 .. L-1.

    One D, one U and one Attn serve every level. U is linear, so the sum is evaluated from coarse to fine with one
    U a level. Levels follow the grid at call time: they go on until the map is at most one window, so the
    coarsest attention joins every point with every other. Cost is linear in the number of points.

    A grid that the rate does not divide is continued by zeros, which D, having no bias, adds nothing from; every
    coarse cell holds at least one real point, so no mask is needed beyond the first.

    Raises:
        ValueError: heads do not divide the width, the stride is not between 1 and the window, or rate or window
            is below 2.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int = 4,
        window: int = 2,
        stride: int = 1,
        rate: int = 2,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if rate < 2 or window < 2:
            raise ValueError(f"rate {rate} and window {window} must be at least 2")
        self.rate, self.window = rate, window
        self.attention = SelfAttention(width, heads=heads, window=window, stride=stride, dtype=dtype, rngs=rngs)
        # Where kernel = stride a convolution is a matrix on the points of a cell, and so is its transpose.
        self.down = nnx.Linear(rate * rate * width, width, use_bias=False, dtype=dtype, rngs=rngs)
        self.up = nnx.Linear(width, rate * rate * width, use_bias=False, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map) -> Map:
        levels = [x]
        while max(levels[-1].shape[1:3]) > self.window:
            levels.append(self._downsample(levels[-1]))
        total = self.attention(levels.pop())
        while levels:
            finer = levels.pop()
            total = self.attention(finer) + self._upsample(total, finer.shape)
        return total

    def _downsample(self, x: Map) -> Float[Array, "batch rows columns channel"]:
        batch, height, width, channel = x.shape
        rows, columns = -(-height // self.rate), -(-width // self.rate)
        x = jnp.pad(x, ((0, 0), (0, rows * self.rate - height), (0, columns * self.rate - width), (0, 0)))
        cells = x.reshape(batch, rows, self.rate, columns, self.rate, channel).swapaxes(2, 3)
        return self.down(cells.reshape(batch, rows, columns, -1))

    def _upsample(self, x: Float[Array, "batch rows columns channel"], shape: tuple[int, ...]) -> Map:
        batch, rows, columns, channel = x.shape
        cells = self.up(x).reshape(batch, rows, columns, self.rate, self.rate, channel).swapaxes(2, 3)
        points = cells.reshape(batch, rows * self.rate, columns * self.rate, channel)
        return points[:, : shape[1], : shape[2]]
