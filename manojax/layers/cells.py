"""Grids cut into cells of equal size: patches, windows, groups and the points of a coarser level.

A map is (batch, *grid, *rest); the number of sides given says how many axes the grid has. Cells that reach over
the border are continued by zeros. Everything here is padding, reshaping and transposing.
"""

import math

import jax.numpy as jnp
from jax import Array


def to_cells(x: Array, sides: tuple[int, ...]) -> Array:
    """(batch, *grid, *rest) -> (batch, *cells, point, *rest), points of a cell in row-major order."""
    d = len(sides)
    counts = cell_counts(x.shape[1 : 1 + d], sides)
    rest = x.shape[1 + d :]
    missing = [(0, n * side - length) for n, side, length in zip(counts, sides, x.shape[1:], strict=False)]
    x = jnp.pad(x, [(0, 0), *missing, *[(0, 0)] * len(rest)])
    x = x.reshape(x.shape[0], *[size for pair in zip(counts, sides, strict=True) for size in pair], *rest)
    order = [0, *range(1, 2 * d, 2), *range(2, 2 * d + 1, 2), *range(2 * d + 1, x.ndim)]
    return x.transpose(order).reshape(x.shape[0], *counts, math.prod(sides), *rest)


def from_cells(cells: Array, sides: tuple[int, ...], grid: tuple[int, ...]) -> Array:
    """The inverse of `to_cells`, for a map on `grid`."""
    d = len(sides)
    batch, counts, rest = cells.shape[0], cells.shape[1 : 1 + d], cells.shape[2 + d :]
    x = cells.reshape(batch, *counts, *sides, *rest)
    order = [0, *[axis for i in range(1, 1 + d) for axis in (i, d + i)], *range(2 * d + 1, x.ndim)]
    whole = [n * side for n, side in zip(counts, sides, strict=True)]
    x = x.transpose(order).reshape(batch, *whole, *rest)
    return x[(slice(None), *(slice(n) for n in grid))]


def to_patches(x: Array, sides: tuple[int, ...]) -> Array:
    """(batch, *grid, channel) -> (batch, *cells, point * channel): every cell with the channels of its points."""
    cells = to_cells(x, sides)
    return cells.reshape(*cells.shape[:-2], -1)


def from_patches(patches: Array, sides: tuple[int, ...], grid: tuple[int, ...]) -> Array:
    """The inverse of `to_patches`, for a map on `grid`."""
    return from_cells(patches.reshape(*patches.shape[:-1], math.prod(sides), -1), sides, grid)


def cell_counts(grid: tuple[int, ...], sides: tuple[int, ...]) -> tuple[int, ...]:
    """Count the cells that cover a grid along each axis."""
    return tuple(-(-length // side) for length, side in zip(grid, sides, strict=True))


def check_patches(grid: tuple[int, ...], sides: tuple[int, ...], periodic: tuple[bool, ...]) -> None:
    """Raise ValueError where patches or groups do not go once around a periodic axis."""
    for points, side, ring in zip(grid, sides, periodic, strict=True):
        if ring and points % side:
            raise ValueError(
                f"cells of {side} points do not divide a periodic axis of {points}; give another size"
            )
