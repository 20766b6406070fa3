"""One multigrid cycle for a scheme of nearest neighbours: the preconditioner of `pde.solvers.conjugate_gradients`.

Every level is such a scheme of its own, scaled to a unit diagonal; coarse nodes are those of even number along
all axes. Jumps of the coefficient survive coarsening because conductances are joined as in a circuit, in series
along an edge and in parallel across it, and because a correction is interpolated so that the flux into the nodes
between balances (Alcouffe, Brandt, Dendy and Painter, SIAM J. Sci. Stat. Comput. 2, 1981): between two coarse
nodes along their edge, amid four in their plane (Dendy, J. Comput. Phys. 48, 1982). Any number of nodes can be
halved: where the last one falls away, the last coarse edge is short.

A cycle sweeps the red and then the black nodes, corrects, and sweeps in the opposite order, which makes it
symmetric. On the system without its black nodes, 1 - K with K = W W^T, the cycle is K (1 + P C P^T K) + 1, where P
is the interpolation to red nodes and C the cycle on the next level.
"""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from manojax.xla_cpu import inverse, stored
from pde.solvers.red_black import (
    Colour,
    Coupling,
    Network,
    Nodes,
    Parity,
    Part,
    Parts,
    Rings,
    add,
    after,
    before,
    beside,
    colours,
    couplings,
    fill,
    inverse_root_diagonal,
    join,
    network,
    number,
    parities,
    split,
    to_black,
    to_red,
    together,
)

_FEW = 100  # unknowns that are solved for directly, by the inverse of their matrix
_MOST_AT_ONCE = 1024

Steps = tuple[int, int]
"""Steps from the place of a coarse node to another one, along two axes: 0 or 1 each."""
_CORNERS: list[Steps] = [(i, j) for i in (0, 1) for j in (0, 1)]


class Interpolation(NamedTuple):
    """Weights from coarse nodes to the red ones: to those at the same places, and to those amid four corners."""

    same: Part
    corners: tuple[tuple[Part, ...], ...]
    """For each red parity with two odd axes, the weights of its corners in the order of `_CORNERS`."""


class Level(NamedTuple):
    """The scaled system of one grid, and the interpolation of corrections to it."""

    coupling: Coupling
    interpolation: Interpolation


class Hierarchy(NamedTuple):
    """All levels, finest first, and the inverse matrix of the grid below the last."""

    levels: tuple[Level, ...]
    inverse: Float[Array, "few few"]


def build(edges: Network, shape: tuple[int, ...], rings: Rings) -> Hierarchy:
    """The hierarchy for a grid of `shape` unknowns.

    Raises:
        ValueError: the grid is too thin to be halved until few unknowns are left.
    """
    levels = []
    scale = inverse_root_diagonal(edges, shape, rings)
    coupling = couplings(edges, scale, rings)
    while math.prod(shape) > _FEW and min(shape) > 1:
        shape = tuple((n + 1) // 2 if ring else n // 2 for n, ring in zip(shape, rings, strict=True))
        coarse_edges = _coarse(edges, rings)
        coarse_scale = inverse_root_diagonal(coarse_edges, shape, rings)
        levels.append(Level(coupling, _interpolation(edges, coupling, scale, coarse_scale)))
        edges, scale, coupling = coarse_edges, coarse_scale, couplings(coarse_edges, coarse_scale, rings)
    if math.prod(shape) > _MOST_AT_ONCE:
        raise ValueError(f"the grid is too thin for the solver: {shape} unknowns cannot be halved")
    return Hierarchy(tuple(levels), inverse(_matrix(coupling)))


def cycle(hierarchy: Hierarchy, red: Colour, black: Colour) -> tuple[Colour, Colour]:
    """One cycle on a scaled right-hand side, starting from zero."""
    if not hierarchy.levels:
        parts = together(red, black)
        return colours(stored((hierarchy.inverse @ parts.ravel()).reshape(parts.shape)))
    (coupling, interpolation), *coarser = hierarchy.levels
    rings = coupling.rings
    swept = stored(add(black, to_black(coupling, red)))
    left_over = stored(to_red(coupling, swept))  # the residual is zero on the black nodes
    coarse = _restrict(interpolation, left_over, rings)
    correction = _correct(Hierarchy(tuple(coarser), hierarchy.inverse), coarse)
    corrected = stored(add(red, _interpolate(interpolation, correction, rings)))
    swept = stored(add(black, to_black(coupling, corrected)))
    return add(red, to_red(coupling, swept)), swept


def _correct(hierarchy: Hierarchy, coarse: Part) -> Part:
    """A cycle for the nodes of one part as a grid of their own."""
    parts = together(*cycle(hierarchy, *colours(split(fill(coarse)))))
    return join(parts)[tuple(slice(size) for size in coarse.shape)]


def _coarse(edges: Network, rings: Rings) -> Network:
    """Edges of twice the length: two in series, plus half of each such edge on the lines that fall away beside
    them. The whole conductance to the ground is shared out among the coarse nodes."""
    axes = range(len(rings))
    along = (
        _shared(_in_series(*_halves(c, axis)), [b for b in axes if b != axis], rings)
        for axis, c in enumerate(edges.along)
    )
    return network(along, None if edges.ground is None else _shared(edges.ground, axes, rings), rings)


def _shared(c: Nodes, across: Sequence[int], rings: Rings) -> Nodes:
    """Conductances of the lines of even number, with half of each line's beside them, across these axes."""
    for axis in across:
        even, odd = _halves(c, axis)
        c = stored(even + (odd + before(odd, axis, rings)) / 2)
    return c


def _halves(field: Nodes, axis: int) -> tuple[Nodes, Nodes]:
    """The entries of even and of odd number along an axis."""
    lines = (slice(None),) * axis
    return field[(*lines, slice(0, None, 2))], field[(*lines, slice(1, None, 2))]


def _in_series(a: Nodes, b: Nodes) -> Nodes:
    return stored(1 / (1 / a + 1 / b))


def _interpolation(edges: Network, coupling: Coupling, scale: Nodes, coarse_scale: Nodes) -> Interpolation:
    """Weights between two coarse nodes as if no flux came from the sides; amid four, from the node's neighbours
    in their plane."""
    rings, axes = coupling.rings, len(coupling.rings)
    roots = split(jnp.where(scale > 0, 1 / scale, 0.0))  # of the diagonal
    even = (0,) * axes
    same = roots[0]
    coarse_scale = coarse_scale[tuple(slice(size) for size in same.shape)]

    def along(axis: int) -> tuple[Part, Part]:
        """Weights of the nodes between two coarse ones, from the lower and from the upper one."""
        lines = edges.along[axis]
        for b in range(axes):
            lines = lines if b == axis else _halves(lines, b)[0]
        lower, upper = _halves(lines, axis)
        root = roots[number(beside(even, axis))]
        share = root * (lower / (lower + upper))
        return share, root - share

    between = stored(tuple(along(axis) for axis in range(axes)))

    def amid(parity: Parity) -> tuple[Part, ...]:
        first, second = _odd(parity)
        in_plane = None if axes == 2 else _over_those_in_plane(edges, roots, parity)

        def corner(steps: Steps) -> Part:
            i, j = steps
            from_first = _edge(coupling, parity, first, i) * _step(between[second][j], first, i, rings)
            from_second = _edge(coupling, parity, second, j) * _step(between[first][i], second, j, rings)
            weight = (from_first + from_second) * _step(_step(coarse_scale, second, j, rings), first, i, rings)
            return weight if in_plane is None else weight * in_plane

        return tuple(corner(steps) for steps in _CORNERS)

    return stored(Interpolation(same * coarse_scale, tuple(amid(parity) for parity in _amid_four(axes))))


def _amid_four(axes: int) -> list[Parity]:
    """Parities of the red nodes that lie amid four coarse ones."""
    return parities(axes, 0)[1:]


def _odd(parity: Parity) -> tuple[int, int]:
    first, second = (axis for axis, odd in enumerate(parity) if odd)
    return first, second


def _edge(coupling: Coupling, parity: Parity, axis: int, step: int) -> Part:
    """Coupling of nodes with an odd parity to their neighbours before (step 0) or after them (step 1)."""
    return coupling.along[axis][number(parity if step else beside(parity, axis))]


def _step(field: Part, axis: int, step: int, rings: Rings) -> Part:
    return after(field, axis, rings) if step else field


def _over_those_in_plane(edges: Network, roots: Parts, parity: Parity) -> Part:
    """The sum of a node's conductances over those that do not lead out of the plane of its odd axes."""
    terms = [] if edges.ground is None else [split(edges.ground)[number(parity)]]
    for axis in _odd(parity):
        parts = split(edges.along[axis])
        terms += [parts[number(beside(parity, axis))], parts[number(parity)]]
    return roots[number(parity)] ** 2 / functools.reduce(jnp.add, terms)


def _interpolate(weights: Interpolation, coarse: Part, rings: Rings) -> Colour:
    def amid(parity: Parity, corners: tuple[Part, ...]) -> Part:
        first, second = _odd(parity)
        terms = (
            corner * _step(_step(coarse, second, j, rings), first, i, rings)
            for corner, (i, j) in zip(corners, _CORNERS, strict=True)
        )
        return functools.reduce(jnp.add, terms)

    return weights.same * coarse, *map(amid, _amid_four(coarse.ndim), weights.corners)


def _restrict(weights: Interpolation, red: Colour, rings: Rings) -> Part:
    """The transpose of `_interpolate`."""
    terms = [weights.same * red[0]]
    for parity, corners, nodes in zip(_amid_four(red[0].ndim), weights.corners, red[1:], strict=True):
        first, second = _odd(parity)
        for corner, (i, j) in zip(corners, _CORNERS, strict=True):
            back = corner * nodes
            back = before(back, second, rings) if j else back
            terms.append(before(back, first, rings) if i else back)
    return stored(functools.reduce(jnp.add, terms))


def _matrix(coupling: Coupling) -> Float[Array, "few few"]:
    """The whole scaled matrix, built from its columns."""

    def column(unit: Parts) -> Float[Array, " few"]:
        red, black = colours(unit)
        return (unit - together(to_red(coupling, black), to_black(coupling, red))).ravel()

    first = coupling.along[0]
    units = jnp.eye(first.size, dtype=first.dtype).reshape(first.size, *first.shape)
    return jax.vmap(column)(units)
