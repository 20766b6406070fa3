"""Conductances that each coarse cell gives to its four edges, between two bounds, and means over its subcells.

The dual cell of a coarse edge has a half on either side, each in one coarse cell. The conductance of a half with
sealed sides lies between two orders of means (Cardwell and Parsons, Trans. AIME 160, 1945). The lower one lets
every fine line along the edge conduct by itself, in series, and joins the lines in parallel: nothing flows from
line to line. The upper one joins across the edge first and along it then: everything does. The lower ones of both
halves add up to the conductance of `pde.solvers.upscaling.upscale`.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.solvers.conductances import Conductances

Fine = Float[Array, "fine_height fine_width"]
Cells = Float[Array, "height width"]
Halves = tuple[Cells, Cells]
"""Values of the two halves that each coarse cell gives: apart, since a CPU is slow at writing them interleaved."""


def lower_halves(coefficient: Fine, stride: int) -> Halves:
    """Lower bounds for edges down rows, unit spacing, of the halves along the low and high side of each cell."""
    low, high = _in_parallel(in_series(coefficient, stride).T, stride, 2)
    return low.T, high.T


def upper_halves(coefficient: Fine, stride: int) -> Halves:
    """Upper bounds for the same edges and halves."""
    low, high = _in_parallel(coefficient.T, stride, 2)
    return in_series(low.T, stride), in_series(high.T, stride)


def in_both_directions(
    halves: Callable[[Fine, int], Halves], coefficient: Fine, stride: int
) -> tuple[Halves, Halves]:
    """Bounds for the edges down the rows, and for the edges across the columns in the same axes.

    Args:
        halves: `lower_halves` or `upper_halves`.
        coefficient: a > 0 on the fine nodes.
        stride: fine cells along each side of a coarse one.
    """
    low, high = halves(coefficient.T, stride)
    return halves(coefficient, stride), (low.T, high.T)


def join(down: Halves, across: Halves, spacing: tuple[Array | float, Array | float]) -> Conductances:
    """The conductances of a coarse grid's inner edges, border included, from both halves of their dual cells.

    Args:
        down: conductances of the halves along edges down the rows.
        across: those along edges across the columns, in the same axes.
        spacing: distance of neighbouring coarse nodes along each axis.
    """
    along_x = down[1][:, :-1] + down[0][:, 1:]
    along_y = across[1][:-1] + across[0][1:]
    return Conductances((along_x / spacing[0] ** 2, along_y / spacing[1] ** 2))


def subcell_means(coefficient: Fine, stride: int, side: int) -> Float[Array, "subcells height width"]:
    """Arithmetic means over the `side` x `side` equal subcells of every coarse cell, rows first."""
    rows = _in_parallel(coefficient, stride, side)
    means = [subcell.T for row in rows for subcell in _in_parallel(row.T, stride, side)]
    return jnp.stack(means) * (side / stride) ** 2


def dual_means(field: Fine, stride: int) -> Float[Array, "inner_height inner_width"]:
    """Means over the dual cells of the inner coarse nodes, a coarse spacing wide around each."""

    def down(values: Float[Array, "fine lines"]) -> Float[Array, "inner lines"]:
        low, high = _in_parallel(values, stride, 2)
        return (high[:-1] + low[1:]) / stride

    return down(down(field).T).T


def in_series(coefficient: Fine, stride: int) -> Float[Array, "cells fine_width"]:
    """Conductances of fine lines down the rows between coarse nodes; a fine face has the mean of its two ends."""
    faces = (coefficient[:-1] + coefficient[1:]) / 2
    return 1 / functools.reduce(jnp.add, (1 / row for row in _rows(faces, stride, stride)))


def _in_parallel(field: Fine, stride: int, side: int) -> list[Float[Array, "cells fine_width"]]:
    """Sums down the rows over equal pieces of every coarse cell; a value counts for its share of the piece."""
    nodes, ends = np.arange(stride + 1)[:, None], np.arange(side + 1) * (stride / side)
    shares = np.maximum(np.minimum(nodes + 0.5, ends[1:]) - np.maximum(nodes - 0.5, ends[:-1]), 0.0)
    rows = list(_rows(field, stride, stride + 1))
    return [
        functools.reduce(
            jnp.add, (float(share) * row for share, row in zip(shares[:, piece], rows, strict=True) if share)
        )
        for piece in range(side)
    ]


def _rows(field: Float[Array, "fine_rows fine_width"], stride: int, count: int) -> list[Array]:
    """For each of the first nodes of a coarse cell, its rows in all cells.

    Sums over these slices are several times as fast on a CPU as compiled sums over an inner axis (jax 0.12.0).
    """
    width = field.shape[1]
    last = len(field) - stride if count == stride else len(field) - 1 - stride
    return [jax.lax.slice(field, (first, 0), (first + last + 1, width), (stride, 1)) for first in range(count)]
