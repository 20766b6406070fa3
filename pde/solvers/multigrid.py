"""One multigrid cycle for the five-point scheme: the preconditioner of `pde.solvers.conjugate_gradients`.

Every level is a five-point scheme of its own, scaled to a unit diagonal; coarse nodes are those of even row and
column. Jumps of the coefficient survive coarsening because conductances are joined as in a circuit, in series
along an edge and in parallel across it, and because a correction is interpolated so that the flux into the nodes
between balances (Alcouffe, Brandt, Dendy and Painter, SIAM J. Sci. Stat. Comput. 2, 1981). Any number of nodes
can be halved: where the last one falls away, the last coarse edge is short.

A cycle sweeps the red and then the black nodes, corrects, and sweeps in the opposite order, which makes it
symmetric. On the system without its black nodes, 1 - K with K = W W^T, the cycle is K (1 + P C P^T K) + 1, where P
is the interpolation to red nodes and C the cycle on the next level.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from manojax.xla_cpu import inverse, stored
from pde.solvers.red_black import (
    Coupling,
    Network,
    Nodes,
    Pair,
    Quarter,
    Quarters,
    above,
    add,
    below,
    couplings,
    fill,
    inverse_root_diagonal,
    join,
    network,
    split,
    to_black,
    to_red,
    to_the_left,
    to_the_right,
)

_FEW = 100  # unknowns that are solved for directly, by the inverse of their matrix
_MOST_AT_ONCE = 1024


class Interpolation(NamedTuple):
    """Weights from coarse nodes (k, l): to ee at the same place, to oo from its four corners."""

    same: Quarter
    corner: Quarter
    right_corner: Quarter
    lower_corner: Quarter
    opposite_corner: Quarter


class Level(NamedTuple):
    """The scaled system of one grid, and the interpolation of corrections to it."""

    coupling: Coupling
    interpolation: Interpolation


class Hierarchy(NamedTuple):
    """All levels, finest first, and the inverse matrix of the grid below the last."""

    levels: tuple[Level, ...]
    inverse: Float[Array, "few few"]


def build(edges: Network, shape: tuple[int, ...]) -> Hierarchy:
    """The hierarchy for a grid of `shape` unknowns.

    Raises:
        ValueError: the grid is too thin to be halved until few unknowns are left.
    """
    levels = []
    scale = inverse_root_diagonal(edges, shape)
    coupling = couplings(edges, scale)
    while math.prod(shape) > _FEW and min(shape) > 1:
        shape = tuple(n // 2 for n in shape)
        coarse_edges = _coarse(edges)
        coarse_scale = inverse_root_diagonal(coarse_edges, shape)
        levels.append(Level(coupling, _interpolation(edges, coupling, scale, coarse_scale)))
        edges, scale, coupling = coarse_edges, coarse_scale, couplings(coarse_edges, coarse_scale)
    if math.prod(shape) > _MOST_AT_ONCE:
        raise ValueError(f"the grid is too thin for the solver: {shape} unknowns cannot be halved")
    return Hierarchy(tuple(levels), inverse(_matrix(coupling)))


def cycle(hierarchy: Hierarchy, red: Pair, black: Pair) -> tuple[Pair, Pair]:
    """One cycle on a scaled right-hand side, starting from zero."""
    if not hierarchy.levels:
        quarters = _quarters(red, black)
        ee, eo, oe, oo = stored((hierarchy.inverse @ quarters.ravel()).reshape(quarters.shape))
        return (ee, oo), (eo, oe)
    (coupling, interpolation), *coarser = hierarchy.levels
    swept = stored(add(black, to_black(coupling, red)))
    left_over = stored(to_red(coupling, swept))  # the residual is zero on the black nodes
    correction = _correct(Hierarchy(tuple(coarser), hierarchy.inverse), _restrict(interpolation, left_over))
    corrected = stored(add(red, _interpolate(interpolation, correction)))
    swept = stored(add(black, to_black(coupling, corrected)))
    return add(red, to_red(coupling, swept)), swept


def _correct(hierarchy: Hierarchy, coarse: Quarter) -> Quarter:
    """A cycle for the nodes of one quarter as a grid of their own."""
    ee, eo, oe, oo = split(fill(coarse))
    quarters = _quarters(*cycle(hierarchy, (ee, oo), (eo, oe)))
    return join(quarters)[: coarse.shape[0], : coarse.shape[1]]


def _coarse(edges: Network) -> Network:
    """Edges of twice the length: two in series, plus half of each such edge on the lines that fall away beside
    them. The whole conductance to the ground is shared out among the coarse nodes."""
    down = _in_series(edges.down[::2], edges.down[1::2])
    right = _in_series(edges.right[:, ::2], edges.right[:, 1::2])
    beside_down, beside_right = down[:, 1::2], right[1::2]
    return network(
        stored(down[:, ::2] + (beside_down + to_the_left(beside_down)) / 2),
        stored(right[::2] + (beside_right + above(beside_right)) / 2),
        None if edges.ground is None else _together(edges.ground),
    )


def _together(ground: Nodes) -> Float[Array, "half_height half_width"]:
    """Conductances to the ground of coarse nodes: the own one, half of those beside and a quarter of the diagonal
    ones."""
    rows = stored(ground[::2] + (ground[1::2] + above(ground[1::2])) / 2)
    return stored(rows[:, ::2] + (rows[:, 1::2] + to_the_left(rows[:, 1::2])) / 2)


def _in_series(a: Nodes, b: Nodes) -> Nodes:
    return stored(1 / (1 / a + 1 / b))


def _interpolation(
    edges: Network, coupling: Coupling, scale: Nodes, coarse_scale: Float[Array, "_ _"]
) -> Interpolation:
    """Weights between two coarse nodes as if no flux came from the sides; amid four, from the node's
    neighbours."""
    ee, eo, oe, _ = split(jnp.where(scale > 0, 1 / scale, 0.0))  # roots of the diagonal
    down, right = edges.down[:, ::2], edges.right[::2]
    upper = oe * (down[::2] / (down[::2] + down[1::2]))
    left = eo * (right[:, ::2] / (right[:, ::2] + right[:, 1::2]))
    upper, lower, left, other = stored((upper, oe - upper, left, eo - left))
    down, right = coupling
    coarse_scale = coarse_scale[: ee.shape[0], : ee.shape[1]]
    return stored(
        Interpolation(
            ee * coarse_scale,
            (down[1] * left + right[2] * upper) * coarse_scale,
            (down[1] * other + right[3] * to_the_right(upper)) * to_the_right(coarse_scale),
            (down[3] * below(left) + right[2] * lower) * below(coarse_scale),
            (down[3] * below(other) + right[3] * to_the_right(lower)) * below(to_the_right(coarse_scale)),
        )
    )


def _interpolate(weights: Interpolation, coarse: Quarter) -> Pair:
    same, corner, right_corner, lower_corner, opposite_corner = weights
    oo = corner * coarse + right_corner * to_the_right(coarse) + lower_corner * below(coarse)
    return same * coarse, oo + opposite_corner * below(to_the_right(coarse))


def _restrict(weights: Interpolation, red: Pair) -> Quarter:
    """The transpose of `_interpolate`."""
    (ee, oo), (same, corner, right_corner, lower_corner, opposite_corner) = red, weights
    coarse = same * ee + corner * oo + to_the_left(right_corner * oo) + above(lower_corner * oo)
    return stored(coarse + above(to_the_left(opposite_corner * oo)))


def _matrix(coupling: Coupling) -> Float[Array, "few few"]:
    """The whole scaled matrix, built from its columns."""

    def column(unit: Quarters) -> Float[Array, " few"]:
        ee, eo, oe, oo = unit
        return (unit - _quarters(to_red(coupling, (eo, oe)), to_black(coupling, (ee, oo)))).ravel()

    few = coupling.down.size
    units = jnp.eye(few, dtype=coupling.down.dtype).reshape(few, *coupling.down.shape)
    return jax.vmap(column)(units)


def _quarters(red: Pair, black: Pair) -> Quarters:
    return jnp.stack(stored([red[0], black[0], black[1], red[1]]))
