"""Schemes of nearest neighbours as networks of conductances, and their red-black form, on two axes or more.

Along an axis with a border, nodes are numbered from the border: the unknowns are nodes 1, 2, ..., node 0 is
border. Around a periodic axis the unknowns are all nodes, from 0 on. Arrays on nodes have even sizes, filled up
where needed. They are split by the parities of the nodes' numbers into parts of equal shape, four on two axes and
eight on three. Every neighbour of a node then stands at the same place of its part or one beside it, and a sweep
over one colour is arithmetic on whole arrays. Red nodes are those whose parities have an even sum, such as (0, 0)
and (1, 1); neighbours differ in colour. Scaled to a unit diagonal, the system for (red, black) is
(1, -W; -W^T, 1) with the matrix W of `couplings`.
"""

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from manojax.xla_cpu import stored
from pde.solvers.conductances import Conductances, part

Nodes = Float[Array, "..."]
Part = Float[Array, "..."]
"""Nodes of the same parities: entry (k, l) of the part (0, 1) is node (2 k, 2 l + 1)."""
Parts = Float[Array, "parts *half_shape"]
"""All parts, in the order of `parities`."""
Colour = tuple[Part, ...]
"""The red parts, or the black ones, in the order of `parities`."""
Parity = tuple[int, ...]
Rings = tuple[bool, ...]
"""True for each axis that is periodic."""

_SHORT, _OPEN = 1e6, 1e-30  # conductances, relative to the largest one


class Network(NamedTuple):
    """Conductances from each node to the next one along each axis and, if any, to the ground."""

    along: tuple[Nodes, ...]
    ground: Nodes | None = None


@functools.partial(jax.tree_util.register_dataclass, data_fields=["along"], meta_fields=["rings"])
@dataclass(frozen=True)
class Coupling:
    """The matrix W edge by edge along each axis: conductance times the scales of both ends, in parts of the first
    end."""

    along: tuple[Parts, ...]
    rings: Rings


def parities(axes: int, colour: int | None = None) -> list[Parity]:
    """All parities, or those of one colour: red is 0, black 1."""
    every = itertools.product((0, 1), repeat=axes)
    return [parity for parity in every if colour is None or sum(parity) % 2 == colour]


def number(parity: Parity) -> int:
    """Place among all parities."""
    return functools.reduce(lambda so_far, odd: 2 * so_far + odd, parity, 0)


def beside(parity: Parity, axis: int) -> Parity:
    """Parities of both neighbours along an axis."""
    return (*parity[:axis], 1 - parity[axis], *parity[axis + 1 :])


def network(along: Iterable[Nodes], ground: Nodes | None, rings: Rings) -> Network:
    """Conductances of a grid, filled up to even sizes.

    Nodes added beyond the last border are one with it: edges onwards are short circuits, edges along it carry
    nothing. Nodes added at the end of a periodic axis halve the edges from the last nodes to the first ones.
    """
    filled = []
    for axis, c in enumerate(along):
        if rings[axis] and c.shape[axis] % 2:
            half = 2 * part(c, axis, -1, None)
            c = stored(jnp.concatenate([part(c, axis, 0, -1), half, half], axis))
        filled.append(fill(c, [_SHORT if b == axis else _OPEN for b in range(c.ndim)]))
    return stored(Network(tuple(filled), None if ground is None else fill(ground)))


def fill(field: Nodes, values: Sequence[float] | None = None) -> Nodes:
    """Append nodes with each axis' value, by default zero, where their number is odd."""
    for axis in range(field.ndim):
        widths = [(0, field.shape[axis] % 2) if b == axis else (0, 0) for b in range(field.ndim)]
        field = jnp.pad(field, widths, constant_values=0.0 if values is None else values[axis])
    return stored(field)


def with_border(c: Conductances) -> Network:
    """The network of unknowns; the borders at node 0 are added, without edges along them."""
    rings = c.rings

    def bordered(faces: Nodes, value: float, but: int | None = None) -> Nodes:
        widths = [(0, 0) if ring or b == but else (1, 0) for b, ring in enumerate(rings)]
        return stored(jnp.pad(faces, widths, constant_values=value))

    # The edge from node k leads through the face before node k + 1.
    edges = (jnp.roll(faces, -1, axis) if rings[axis] else faces for axis, faces in enumerate(c.along))
    along = [bordered(each, _OPEN, axis) for axis, each in enumerate(edges)]
    return network(along, None if c.ground is None else bordered(c.ground, 0.0), rings)


def inverse_root_diagonal(edges: Network, shape: Sequence[int], rings: Rings) -> Nodes:
    """1 / sqrt(sum of a node's conductances) on unknowns of this shape; zero on the border and beyond."""
    terms = [term for axis, c in enumerate(edges.along) for term in (c, before(c, axis, rings))]
    diagonal = functools.reduce(jnp.add, terms if edges.ground is None else [*terms, edges.ground])
    unknown = jnp.ones((), bool)
    for axis, (size, ring) in enumerate(zip(shape, rings, strict=True)):
        place = jnp.arange(diagonal.shape[axis]).reshape([-1 if b == axis else 1 for b in range(len(rings))])
        unknown = unknown if ring else unknown & (place > 0) & (place <= size)
    return stored(jnp.where(unknown, jax.lax.rsqrt(diagonal), 0.0))


def couplings(edges: Network, scale: Nodes, rings: Rings) -> Coupling:
    """The matrix W of a network."""
    scaled = (c * scale * after(scale, axis, rings) for axis, c in enumerate(edges.along))
    return Coupling(tuple(split(stored(edge)) for edge in scaled), rings)


def split(field: Nodes) -> Parts:
    """All parts of a field."""
    axes, halves = field.ndim, [size // 2 for size in field.shape]
    pairs = field.reshape([size for half in halves for size in (half, 2)])
    parts = pairs.transpose(*range(1, 2 * axes, 2), *range(0, 2 * axes, 2))
    return stored(parts.reshape(2**axes, *halves))


def join(parts: Parts) -> Nodes:
    """The inverse of `split`."""
    axes, halves = parts.ndim - 1, parts.shape[1:]
    pairs = parts.reshape(*(2,) * axes, *halves)
    field = pairs.transpose([place for axis in range(axes) for place in (axes + axis, axis)])
    return stored(field.reshape([2 * half for half in halves]))


def colours(parts: Parts) -> tuple[Colour, Colour]:
    """The red and the black parts."""
    axes = parts.ndim - 1
    red, black = (tuple(parts[number(parity)] for parity in parities(axes, colour)) for colour in (0, 1))
    return red, black


def together(red: Colour, black: Colour) -> Parts:
    """The inverse of `colours`."""
    axes = red[0].ndim
    by_parity = dict(zip(parities(axes, 0) + parities(axes, 1), red + black, strict=True))
    return jnp.stack(stored([by_parity[parity] for parity in parities(axes)]))


def after(field: Nodes, axis: int, rings: Rings) -> Nodes:
    """At each place the next entry along an axis, zero beyond the end of one that is not periodic."""
    return _moved(field, axis, rings, -1)


def before(field: Nodes, axis: int, rings: Rings) -> Nodes:
    """At each place the previous entry along an axis, zero before the start of one that is not periodic."""
    return _moved(field, axis, rings, 1)


def _moved(field: Nodes, axis: int, rings: Rings, by: int) -> Nodes:
    if rings[axis]:
        return jnp.roll(field, by, axis)
    widths = [((by > 0) * 1, (by < 0) * 1) if b == axis else (0, 0) for b in range(field.ndim)]
    return jax.lax.slice_in_dim(jnp.pad(field, widths), (by < 0) * 1, field.shape[axis] + (by < 0) * 1, axis=axis)


def to_black(coupling: Coupling, red: Colour) -> Colour:
    """Apply the coupling from red nodes to black ones: W^T red."""
    return _to(1, coupling, red)


def to_red(coupling: Coupling, black: Colour) -> Colour:
    """Apply the coupling from black nodes to red ones: W black."""
    return _to(0, coupling, black)


def _to(colour: int, coupling: Coupling, others: Colour) -> Colour:
    axes = len(coupling.along)
    values = dict(zip(parities(axes, 1 - colour), others, strict=True))

    def at(parity: Parity) -> Part:
        terms = []
        # Sums in another order would have other last digits than those of the first releases.
        for axis in range(axes) if parity[0] else reversed(range(axes)):
            edges, other = coupling.along[axis], beside(parity, axis)
            own, its = edges[number(parity)], edges[number(other)]
            if parity[axis]:
                terms += [its * values[other], own * after(values[other], axis, coupling.rings)]
            else:
                terms += [own * values[other], before(its * values[other], axis, coupling.rings)]
        return functools.reduce(jnp.add, terms)

    return tuple(at(parity) for parity in parities(axes, colour))


def add(a: Any, b: Any, factor: Array | float = 1.0) -> Any:
    """a + factor b, part by part."""
    return tuple(one + factor * other for one, other in zip(a, b, strict=True))
