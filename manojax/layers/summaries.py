"""Learned summaries of cells of keys, values or queries: coarse maps, and the points behind each entry."""

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float

from manojax.layers.cells import to_cells

Heads = Float[Array, "batch *grid heads head_dim"]
CoarseHeads = Float[Array, "batch *cells heads head_dim"]
Count = Float[Array, "1 *grid 1 1"]
"""Number of real points that each entry of a map stands for."""
Counts = list[Float[Array, "1 ... 1 1"]]
"""Counts of a map and of its summaries at every level."""

# Standard deviation of the initial weights: a summary starts near the mean, and no two channels start alike.
_SPREAD = 0.02


class Summary(nnx.Module):
    """One entry for the points t of a cell, with a learned weight for each point and channel,

        s = sum_t w_t c_t x_t / sum_t c_t,

    where x_t stands for c_t real points. Weights of 1 give the mean over real points, at any level. A cell that
    reaches over the border is continued by points with c_t = 0.
    """

    def __init__(self, side: int, heads: int, head_dim: int, *, dimensions: int, rngs: nnx.Rngs):
        self.sides = (side,) * dimensions
        shape = (side**dimensions, heads, head_dim)
        self.weight = nnx.Param(1 + _SPREAD * rngs.params.normal(shape))

    def __call__(self, x: Heads, count: Count) -> CoarseHeads:
        cells = to_cells(x * count, self.sides)
        weight = jnp.expand_dims(self.weight[...], range(cells.ndim - 3))
        return (cells * weight).sum(axis=-3) / coarse_count(count, self.sides)


class Summaries(nnx.Module):
    """Summaries of a map at every level: first of `side` points a side, then of two summaries a side each.

    The last of the `levels` sets of weights serves all coarser levels; there are at least two sets, since cells of
    points and cells of summaries differ in size. Cost is linear in the number of points.
    """

    def __init__(self, side: int, levels: int, heads: int, head_dim: int, *, dimensions: int, rngs: nnx.Rngs):
        sides = [side] + [2] * max(1, levels - 1)
        self.steps = nnx.List([Summary(s, heads, head_dim, dimensions=dimensions, rngs=rngs) for s in sides])

    def __call__(self, x: Heads, counts: Counts) -> list[Float[Array, "batch ... heads head_dim"]]:
        """Return the summaries with counts `counts[1:]` of a map with counts `counts[0]`."""
        found = []
        for level, count in enumerate(counts[:-1]):
            x = self.steps[min(level, len(self.steps) - 1)](x, count)
            found.append(x)
        return found


def coarse_count(count: Count, sides: tuple[int, ...]) -> Float[Array, "1 *cells 1 1"]:
    """Count the real points that each cell of a map stands for."""
    return to_cells(count, sides).sum(axis=-3)


def level_counts(grid: tuple[int, ...], side: int, levels: int) -> Counts:
    """Return the counts of the points of a grid, each 1, and of its summaries at all `levels`."""
    counts = [jnp.ones((1, *grid, 1, 1))]
    for level in range(levels):
        counts.append(coarse_count(counts[-1], (2 if level else side,) * len(grid)))
    return counts
