"""Maps between one level of a pyramid and the next coarser one; a coarse point is a cell of rate^d points.

Where kernel = stride a convolution is a matrix on the points of a cell, and so is its transpose: no convolution is
ever called, since its gradients would be many times slower.
"""

from typing import Literal

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.basic import Linear, residual_init
from manojax.layers.cells import cell_counts, from_cells, from_patches, to_cells, to_patches

Map = Float[Array, "batch *grid channel"]
CoarseMap = Float[Array, "batch *cells channel"]
Down = Literal["learned", "pooled"]
Up = Literal["learned", "nearest"]


class Downsample(nnx.Module):
    """One matrix from the points of a cell to its coarse point, or their mean.

    A grid that the rate does not divide is continued by zeros, which add nothing, as the matrix has no bias; the
    mean is over real points.
    """

    def __init__(self, width: int, rate: int, kind: Down, *, dimensions: int, dtype: DTypeLike, rngs: nnx.Rngs):
        self.sides = (rate,) * dimensions
        points = rate**dimensions
        self.matrix = (
            Linear(points * width, width, use_bias=False, dtype=dtype, rngs=rngs) if kind == "learned" else None
        )

    def __call__(self, x: Map) -> CoarseMap:
        if self.matrix is not None:
            return self.matrix(to_patches(x, self.sides))
        cells = to_cells(x, self.sides)
        real = to_cells(jnp.ones((1, *x.shape[1:-1], 1), x.dtype), self.sides)
        return cells.sum(axis=-2) / real.sum(axis=-2)


class Upsample(nnx.Module):
    """A matrix from a coarse point to the points of its cell, or a copy for each; linear, without bias."""

    def __init__(self, width: int, rate: int, kind: Up, *, dimensions: int, dtype: DTypeLike, rngs: nnx.Rngs):
        self.sides = (rate,) * dimensions
        self.points = rate**dimensions
        # The variance of a sum over any number of levels stays below twice that of its finest term.
        init = residual_init(2)
        self.matrix = (
            Linear(width, self.points * width, use_bias=False, kernel_init=init, dtype=dtype, rngs=rngs)
            if kind == "learned"
            else None
        )

    def __call__(self, coarse: CoarseMap, grid: tuple[int, ...]) -> Map:
        """Return the map on a finer grid."""
        if self.matrix is not None:
            return from_patches(self.matrix(coarse), self.sides, grid)
        shape = (*coarse.shape[:-1], self.points, coarse.shape[-1])
        return from_cells(jnp.broadcast_to(coarse[..., None, :], shape), self.sides, grid)


def level_count(grid: tuple[int, ...], rate: int, window: int, periodic: tuple[bool, ...] = ()) -> int:
    """Count the levels down to a map of at most one window, or one whose periodic axes the rate does not
    divide."""
    count = 1
    rings = periodic or (False,) * len(grid)
    while max(grid) > window and not any(n % rate for n, ring in zip(grid, rings, strict=True) if ring):
        grid, count = cell_counts(grid, (rate,) * len(grid)), count + 1
    return count
