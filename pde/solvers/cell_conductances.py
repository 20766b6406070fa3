"""Conductances that each coarse cell gives to its four edges, between two bounds, and means over its parts.

The dual cell of a coarse edge has a half on either side, each in one coarse cell. The conductance of a half with
sealed sides lies between two orders of means (Cardwell and Parsons, Trans. AIME 160, 1945). The lower one lets
every fine line along the edge conduct by itself, in series, and joins the lines in parallel: nothing flows from
line to line. The upper one joins across the edge first and along it then: everything does. The lower ones of both
halves add up to the conductance of `pde.solvers.upscaling.upscale`.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.solvers.conductances import Conductances

Fine = Float[Array, "fine_height fine_width"]
Halves = Float[Array, "height width half"]
"""A value for every coarse cell and half of a dual cell."""


class Bounds(NamedTuple):
    """Bounds of the conductances of a cell's halves; the halves lie along its low and its high side."""

    lower: Halves
    upper: Halves


def bounds_down(coefficient: Fine, stride: int) -> Bounds:
    """Bounds for the edges down the rows of a grid of unit spacing: (cell down, cell across, low or high side).

    The lower bound has the type of the coefficient, the upper one is float32: only their ratio is of use.
    """
    faces = (coefficient[:-1] + coefficient[1:]) / 2
    sides = _weights(np.array([[0, 0.5], [0.5, 1]]), stride)
    lines = _in_series(faces, stride)
    across = _by_cells(faces.astype(jnp.float32), stride, sides)
    return Bounds(_by_cells(lines, stride, sides), _in_series(across, stride))


def join(down: Halves, across: Halves, spacing: tuple[Array, Array]) -> Conductances:
    """The conductances of a coarse grid's inner edges, border included, from both halves of their dual cells.

    Args:
        down: conductances of the halves along edges down the rows, (cell down, cell across, side).
        across: those along edges across the columns, in the same axes.
        spacing: distance of neighbouring coarse nodes along each axis.
    """
    along_x = down[:, :-1, 1] + down[:, 1:, 0]
    along_y = across[:-1, :, 1] + across[1:, :, 0]
    return Conductances(along_x / spacing[0] ** 2, along_y / spacing[1] ** 2)


def means_of_parts(coefficient: Fine, stride: int, parts: int) -> Float[Array, "height width parts_parts"]:
    """Arithmetic means over the parts x parts equal pieces of every coarse cell, piece rows first."""
    ends = np.arange(parts + 1) / parts
    weights = _weights(np.stack([ends[:-1], ends[1:]], axis=1), stride) * (parts / stride)
    columns = _by_cells(coefficient, stride, weights)  # (fine row, cell across, piece across)
    rows = _by_cells(columns.reshape(len(columns), -1).T, stride, weights)  # (cell and piece across, cell, piece)
    across, down = columns.shape[1], rows.shape[1]
    return rows.reshape(across, parts, down, parts).transpose(2, 0, 3, 1).reshape(down, across, -1)


def dual_means(field: Fine, stride: int) -> Float[Array, "inner_height inner_width"]:
    """Means over the dual cells of the inner coarse nodes, a coarse spacing wide around each."""
    sides = _weights(np.array([[0, 0.5], [0.5, 1]]), stride) / stride

    def along_columns(values: Float[Array, "lines fine"]) -> Float[Array, "lines inner"]:
        halves = _by_cells(values, stride, sides)
        return halves[:, :-1, 1] + halves[:, 1:, 0]

    return along_columns(along_columns(field).T).T


def _in_series(conductances: Float[Array, "fine_edges ..."], stride: int) -> Float[Array, "coarse_edges ..."]:
    """Conductances of `stride` edges each, along the first axis."""
    apart = conductances.reshape(-1, stride, *conductances.shape[1:])
    return 1 / jnp.sum(1 / apart, axis=1)


def _by_cells(
    lines: Float[Array, "lines fine"], stride: int, weights: Float[np.ndarray, "nodes part"]
) -> Float[Array, "lines cell part"]:
    """Weighted sums along the last axis over the nodes 0 to `stride` of each coarse cell."""
    weights = weights.astype(lines.dtype)
    own = lines[:, :-1].reshape(len(lines), -1, stride)
    ends = lines[:, stride::stride]
    return jnp.matmul(own, weights[:-1], precision="highest") + ends[:, :, None] * weights[-1][None, None, :]


def _weights(ranges: Float[np.ndarray, "part 2"], stride: int) -> Float[np.ndarray, "node part"]:
    """Lengths, in fine spacings, that ranges of a cell share with the dual cells of its nodes 0 to `stride`."""
    nodes, ends = np.arange(stride + 1)[:, None], ranges * stride
    return np.maximum(np.minimum(nodes + 0.5, ends[:, 1]) - np.maximum(nodes - 0.5, ends[:, 0]), 0.0)
