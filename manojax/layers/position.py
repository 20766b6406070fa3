"""Biases of attention logits by the position of a key relative to its query."""

import itertools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from manojax.layers.basic import Linear, gelu


class PositionBias(nnx.Module):
    """One number for every head and offset in a window of K points a side, as an array (2 K - 1, ..., heads)."""

    def __call__(self, spacing: Float[Array, " dimensions"] | None) -> Float[Array, "*offsets heads"]:
        raise NotImplementedError


class TableBias(PositionBias):
    """A learned number for every offset and head (Liu et al., Swin, arXiv 2103.14030, section 3.2), zero at first.

    It knows offsets in points, not lengths.
    """

    def __init__(self, window: int, heads: int, *, dimensions: int):
        self.table = nnx.Param(jnp.zeros(((2 * window - 1,) * dimensions) + (heads,)))

    def __call__(self, spacing: Float[Array, " dimensions"] | None) -> Float[Array, "*offsets heads"]:
        return self.table[...]


class ContinuousBias(PositionBias):
    """A Linear-GELU-Linear of the physical offset (Liu et al., SwinV2, arXiv 2111.09883, section 3.3).

    The physical offset is the offset in points times the spacing of the level, so the function is the same on
    every grid and at every level.
    """

    def __init__(self, window: int, heads: int, *, dimensions: int, hidden: int = 32, rngs: nnx.Rngs):
        self.window, self.dimensions = window, dimensions
        self.first = Linear(dimensions, hidden, rngs=rngs)
        self.second = Linear(hidden, heads, rngs=rngs)

    def __call__(self, spacing: Float[Array, " dimensions"] | None) -> Float[Array, "*offsets heads"]:
        steps = range(1 - self.window, self.window)
        lengths = jnp.array(list(itertools.product(steps, repeat=self.dimensions)), jnp.float32)
        if spacing is not None:
            lengths = lengths * spacing[None, :]
        biases = self.second(gelu(self.first(lengths)))
        return biases.reshape(*[len(steps)] * self.dimensions, -1)


def offsets_between(sides: Sequence[int]) -> Int[np.ndarray, "point point dimensions"]:
    """Position of the second point minus that of the first, for every pair in a window."""
    points = np.array(list(itertools.product(*(range(side) for side in sides))))
    return points[None, :, :] - points[:, None, :]
