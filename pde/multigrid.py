"""One multigrid cycle for the five-point scheme: the preconditioner of `pde.conjugate_gradients`.

Every level is a five-point scheme of its own, scaled to a unit diagonal; coarse nodes are those of even row and
column. Jumps of the coefficient survive coarsening because conductances are joined as in a circuit, in series
along an edge and in parallel across it, and because a correction is interpolated so that the flux into the nodes
between balances (Alcouffe, Brandt, Dendy and Painter, SIAM J. Sci. Stat. Comput. 2, 1981). Any number of nodes
can be halved: where the last one falls away, the last coarse edge is short.

A cycle sweeps the red and then the black nodes, corrects, and sweeps in the opposite order, which makes it
symmetric. On the system without its black nodes, 1 - K with K = W W^T, it is K (1 + P C P^T K) + 1, where P is the
interpolation to red nodes and C the cycle on the next level.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.red_black import (
    Edges,
    Nodes,
    Parity,
    Part,
    above,
    below,
    couplings,
    inverse_root_diagonal,
    join,
    split,
    split_edges,
    stored,
    to_black,
    to_red,
    to_the_left,
    to_the_right,
)

_FEW = 100  # unknowns that are solved for at once, by the inverse of their matrix
_MOST_AT_ONCE = 4096


class Interpolation(NamedTuple):
    """Weights from coarse nodes (k, l): to ee at the same place, to oo from its four corners."""

    same: Part
    corner: Part
    right_corner: Part
    lower_corner: Part
    opposite_corner: Part


class Level(NamedTuple):
    """The scaled system of one grid, and how corrections come to it."""

    coupling: Edges
    interpolation: Interpolation


class Hierarchy(NamedTuple):
    """All levels, finest first, and the inverse matrix of the grid below the last."""

    levels: tuple[Level, ...]
    inverse: Float[Array, "few few"]


def build(edges: Edges, shape: tuple[int, ...]) -> Hierarchy:
    """The hierarchy for a grid of `shape` unknowns.

    Raises:
        ValueError: a grid so thin that it cannot be halved until few unknowns are left.
    """
    levels = []
    scale = inverse_root_diagonal(edges, shape)
    coupling = couplings(edges, scale)
    while shape[0] * shape[1] > _FEW and min(shape) > 1:
        shape = (shape[0] // 2, shape[1] // 2)
        coarse_edges = _coarse_edges(edges)
        coarse_scale = inverse_root_diagonal(coarse_edges, shape)
        at_coarse_nodes = join(coarse_scale, edges.down.ee.shape)
        levels.append(Level(coupling, _interpolation(edges, coupling, scale, at_coarse_nodes)))
        edges, scale, coupling = coarse_edges, coarse_scale, couplings(coarse_edges, coarse_scale)
    if shape[0] * shape[1] > _MOST_AT_ONCE:
        raise ValueError(f"a grid of this shape is too thin for the solver: {shape} unknowns cannot be halved")
    return Hierarchy(tuple(levels), _inverse(coupling))


def cycle(hierarchy: Hierarchy, right: Parity) -> Parity:
    """One cycle on a scaled right-hand side, starting from zero."""
    if not hierarchy.levels:
        parts = jnp.stack(right)
        return Parity(*(hierarchy.inverse @ parts.ravel()).reshape(parts.shape))
    (coupling, interpolation), *coarser = hierarchy.levels
    eo, oe = stored(_add((right.eo, right.oe), to_black(coupling, right.ee, right.oo)))
    left_over = stored(to_red(coupling, eo, oe))  # on the black nodes nothing is left over
    coarse = _restrict(interpolation, *left_over)
    correction = stored(cycle(Hierarchy(tuple(coarser), hierarchy.inverse), split(coarse)))
    correction = join(correction, coarse.shape)
    ee, oo = stored(_add((right.ee, right.oo), _interpolate(interpolation, correction)))
    eo, oe = stored(_add((right.eo, right.oe), to_black(coupling, ee, oo)))
    ee, oo = _add((right.ee, right.oo), to_red(coupling, eo, oe))
    return Parity(ee, eo, oe, oo)


def _coarse_edges(edges: Edges) -> Edges:
    """Edges of twice the length: two in series; of the edges beside them, half belongs to each neighbour."""
    down, right = edges
    down_even, down_odd = _in_series(down.ee, down.oe), _in_series(down.eo, down.oo)
    right_even, right_odd = _in_series(right.ee, right.eo), _in_series(right.oe, right.oo)
    return split_edges(
        stored(down_even + (down_odd + to_the_left(down_odd)) / 2),
        stored(right_even + (right_odd + above(right_odd)) / 2),
    )


def _in_series(a: Part, b: Part) -> Part:
    return 1 / (1 / a + 1 / b)


def _interpolation(edges: Edges, coupling: Edges, scale: Parity, coarse_scale: Nodes) -> Interpolation:
    """Between two coarse nodes as if no flux came from the sides; amid four of them, as the neighbours say."""
    root = Parity(*(jnp.where(s > 0, 1 / s, 0.0) for s in scale))  # of the diagonal
    down, right = edges
    upper = root.oe * down.ee / (down.ee + down.oe)
    lower = root.oe - upper
    left = root.eo * right.ee / (right.ee + right.eo)
    other = root.eo - left
    upper, lower, left, other = stored((upper, lower, left, other))
    down, right = coupling
    return stored(
        Interpolation(
            root.ee * coarse_scale,
            (down.eo * left + right.oe * upper) * coarse_scale,
            (down.eo * other + right.oo * to_the_right(upper)) * to_the_right(coarse_scale),
            (down.oo * below(left) + right.oe * lower) * below(coarse_scale),
            (down.oo * below(other) + right.oo * to_the_right(lower)) * below(to_the_right(coarse_scale)),
        )
    )


def _interpolate(weights: Interpolation, coarse: Part) -> tuple[Part, Part]:
    same, corner, right_corner, lower_corner, opposite_corner = weights
    oo = corner * coarse + right_corner * to_the_right(coarse) + lower_corner * below(coarse)
    return same * coarse, oo + opposite_corner * below(to_the_right(coarse))


def _restrict(weights: Interpolation, ee: Part, oo: Part) -> Part:
    """The transpose of `_interpolate`."""
    same, corner, right_corner, lower_corner, opposite_corner = weights
    coarse = same * ee + corner * oo + to_the_left(right_corner * oo) + above(lower_corner * oo)
    return stored(coarse + above(to_the_left(opposite_corner * oo)))


def _inverse(coupling: Edges) -> Float[Array, "few few"]:
    """The inverse of the whole scaled matrix, built from its columns."""

    def column(unit: Float[Array, "4 half_height half_width"]) -> Float[Array, " few"]:
        ee, eo, oe, oo = unit
        (to_ee, to_oo), (to_eo, to_oe) = to_red(coupling, eo, oe), to_black(coupling, ee, oo)
        return (unit - jnp.stack([to_ee, to_eo, to_oe, to_oo])).ravel()

    parts = (4, *coupling.down.ee.shape)
    few = math.prod(parts)
    units = jnp.eye(few, dtype=coupling.down.ee.dtype).reshape(few, *parts)
    return jnp.linalg.inv(jax.vmap(column)(units))


def _add(a: tuple[Part, Part], b: tuple[Part, Part]) -> tuple[Part, Part]:
    return a[0] + b[0], a[1] + b[1]
