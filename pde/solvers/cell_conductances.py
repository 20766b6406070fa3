"""Conductances that each coarse cell gives to its edges, between two bounds, and means over its subcells.

The dual cell of a coarse edge has a piece in each of the coarse cells around the edge: two halves on two axes,
four quarters on three. The conductance of a piece with sealed sides lies between two orders of means (Cardwell and
Parsons, Trans. AIME 160, 1945). The lower one lets every fine line along the edge conduct by itself, in series,
and joins the lines in parallel: nothing flows from line to line. The upper one joins across the edge first and
along it then: everything does. The lower ones of all pieces add up to the conductance of
`pde.solvers.upscaling.upscale`.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.solvers.conductances import Conductances, part

Fine = Float[Array, "*fine_grid"]
Cells = Float[Array, "..."]
Pieces = tuple[Cells, ...]
"""Values of the pieces that each coarse cell gives to an edge, ordered by their side, low or high, along each axis
across the edge: apart, since a CPU is slow at writing them interleaved."""


def lower_bounds(coefficient: Fine, stride: int) -> Pieces:
    """Lower bounds for edges along the first axis, unit coarse spacing."""
    return _across(in_series(coefficient, stride), stride)


def upper_bounds(coefficient: Fine, stride: int) -> Pieces:
    """Upper bounds for the same edges and pieces."""
    return tuple(in_series(piece, stride) for piece in _across(coefficient, stride))


def along_each_axis(bounds: Callable[[Fine, int], Pieces], coefficient: Fine, stride: int) -> tuple[Pieces, ...]:
    """Bounds for the edges along each axis, in the axes of the grid.

    Args:
        bounds: `lower_bounds` or `upper_bounds`.
        coefficient: a > 0 on the fine nodes.
        stride: fine cells along each side of a coarse one.
    """
    return tuple(
        tuple(jnp.moveaxis(piece, 0, axis) for piece in bounds(jnp.moveaxis(coefficient, axis, 0), stride))
        for axis in range(coefficient.ndim)
    )


def join(pieces: Sequence[Pieces], spacing: Sequence[Array | float]) -> Conductances:
    """The conductances of a coarse grid's inner edges, border included, from all pieces of their dual cells.

    Args:
        pieces: conductances of the pieces along each axis.
        spacing: distance of neighbouring coarse nodes along each axis.
    """

    def along(axis: int) -> Array:
        # A cell before the edge touches it with its high piece, a cell after it with its low one.
        cells = zip(sides(len(spacing) - 1), reversed(pieces[axis]), strict=True)
        across = [b for b in range(len(spacing)) if b != axis]
        return functools.reduce(jnp.add, (beside(piece, across, at) for at, piece in cells))

    return Conductances(tuple(along(axis) / step**2 for axis, step in enumerate(spacing)))


def sides(axes: int) -> list[tuple[int, ...]]:
    """Low (0) and high (1) along each of some axes, in all combinations."""
    return list(itertools.product((0, 1), repeat=axes))


def beside(cells: Cells, axes: Sequence[int], at: Sequence[int]) -> Cells:
    """For each inner line between cells, the cells before it (0) or after it (1) along each of these axes."""
    for axis, side in zip(axes, at, strict=True):
        cells = part(cells, axis, side, None if side else -1)
    return cells


def subcell_means(coefficient: Fine, stride: int, side: int) -> Float[Array, " subcells *cells"]:
    """Arithmetic means over equal subcells of every coarse cell, `side` along each axis, the first axis first."""
    sums = _divided(coefficient, range(coefficient.ndim), stride, side)
    return jnp.stack(sums) * (side / stride) ** coefficient.ndim


def dual_means(field: Fine, stride: int) -> Float[Array, "*inner"]:
    """Means over the dual cells of the inner coarse nodes, a coarse spacing wide around each."""
    for axis in range(field.ndim):
        low, high = _in_parallel(jnp.moveaxis(field, axis, 0), stride, 2)
        field = jnp.moveaxis((high[:-1] + low[1:]) / stride, 0, axis)
    return field


def in_series(coefficient: Fine, stride: int) -> Float[Array, "..."]:
    """Conductances of fine lines along the first axis between coarse nodes; a fine face has the mean of its ends.

    The unit is that in which the lines of a whole coarse cell, where a = 1, add up to 1.
    """
    faces = (coefficient[:-1] + coefficient[1:]) / 2
    lines = 1 / functools.reduce(jnp.add, (1 / row for row in _rows(faces, stride, stride)))
    return lines / stride ** (coefficient.ndim - 2) if coefficient.ndim > 2 else lines


def _across(field: Float[Array, "..."], stride: int) -> Pieces:
    """Sums across the first axis, over both halves of every coarse cell along each of the other axes."""
    return _divided(field, range(1, field.ndim), stride, 2)


def _divided(field: Float[Array, "..."], axes: Iterable[int], stride: int, side: int) -> Pieces:
    """Sums over pieces of every coarse cell, `side` along each of these axes."""
    pieces = [field]
    for axis in axes:
        pieces = [
            jnp.moveaxis(part, 0, axis)
            for piece in pieces
            for part in _in_parallel(jnp.moveaxis(piece, axis, 0), stride, side)
        ]
    return tuple(pieces)


def _in_parallel(field: Float[Array, "..."], stride: int, side: int) -> list[Float[Array, "..."]]:
    """Sums along the first axis over equal pieces of every coarse cell.

    A value counts for its share of the piece.
    """
    nodes, ends = np.arange(stride + 1)[:, None], np.arange(side + 1) * (stride / side)
    shares = np.maximum(np.minimum(nodes + 0.5, ends[1:]) - np.maximum(nodes - 0.5, ends[:-1]), 0.0)
    rows = list(_rows(field, stride, stride + 1))
    return [
        functools.reduce(
            jnp.add, (float(share) * row for share, row in zip(shares[:, piece], rows, strict=True) if share)
        )
        for piece in range(side)
    ]


def _rows(field: Float[Array, "..."], stride: int, count: int) -> list[Array]:
    """For each of the first nodes of a coarse cell along the first axis, its values in all cells.

    Sums over these slices are several times as fast on a CPU as compiled sums over an inner axis (jax 0.12.0).
    """
    last = len(field) - stride if count == stride else len(field) - 1 - stride
    return [jax.lax.slice_in_dim(field, first, first + last + 1, stride=stride, axis=0) for first in range(count)]
