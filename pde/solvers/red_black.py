"""Five-point schemes as networks of conductances, and their red-black form.

Nodes are numbered from the border: the unknowns of an axis are nodes 1, 2, ..., node 0 is border. Arrays on
nodes have even sizes, filled up where needed. They are split by the parity of row and column into four quarters of
equal shape. Every neighbour of a node then stands at the same place of its quarter or one beside it, and a sweep
over one colour is arithmetic on whole arrays. Red nodes are those of parity ee and oo, black ones eo and oe;
neighbours differ in colour. Scaled to a unit diagonal, the system for (red, black) is (1, -W; -W^T, 1) with the
matrix W of `couplings`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from manojax.xla_cpu import stored

Nodes = Float[Array, "height width"]
Quarter = Float[Array, "half_height half_width"]
Quarters = Float[Array, "4 half_height half_width"]
"""Quarters ee, eo, oe, oo: entry (k, l) of eo is node (2 k, 2 l + 1), even row and odd column."""
Pair = tuple[Quarter, Quarter]
"""The red quarters (ee, oo) or the black quarters (eo, oe)."""

_SHORT, _OPEN = 1e6, 1e-30  # conductances, relative to the largest one


class Network(NamedTuple):
    """Conductances from each node to the one below it, to the one on its right and, if any, to the ground."""

    down: Nodes
    right: Nodes
    ground: Nodes | None = None


class Coupling(NamedTuple):
    """The matrix W edge by edge: conductance times the scales of both ends, in quarters of the first end."""

    down: Quarters
    right: Quarters


def network(down: Nodes, right: Nodes, ground: Nodes | None) -> Network:
    """Conductances of a grid, filled up to even sizes.

    Nodes added beyond the last border are one with it: edges onwards are short circuits, edges along it carry
    nothing.
    """
    filled = None if ground is None else fill(ground)
    return stored(Network(fill(down, _SHORT, _OPEN), fill(right, _OPEN, _SHORT), filled))


def fill(field: Nodes, below: float = 0.0, beside: float = 0.0) -> Float[Array, "even_height even_width"]:
    """Append a row and a column of these values to a field where their number is odd."""
    field = jnp.pad(field, ((0, field.shape[0] % 2), (0, 0)), constant_values=below)
    return stored(jnp.pad(field, ((0, 0), (0, field.shape[1] % 2)), constant_values=beside))


def with_border(
    down: Float[Array, "height _"], right: Float[Array, "_ width"], ground: Float[Array, "_ _"] | None = None
) -> Network:
    """The network of unknowns; the borders at row and column 0 are added, without edges along them."""
    return network(
        stored(jnp.pad(down, ((0, 0), (1, 0)), constant_values=_OPEN)),
        stored(jnp.pad(right, ((1, 0), (0, 0)), constant_values=_OPEN)),
        None if ground is None else stored(jnp.pad(ground, ((1, 0), (1, 0)))),
    )


def inverse_root_diagonal(edges: Network, shape: tuple[int, ...]) -> Nodes:
    """1 / sqrt(sum of a node's conductances) on unknowns of this shape; zero on the border and beyond."""
    down, right, ground = edges
    row, column = jnp.arange(down.shape[0])[:, None], jnp.arange(down.shape[1])[None, :]
    unknown = (row > 0) & (row <= shape[0]) & (column > 0) & (column <= shape[1])
    diagonal = down + above(down) + right + to_the_left(right)
    diagonal = diagonal if ground is None else diagonal + ground
    return stored(jnp.where(unknown, jax.lax.rsqrt(diagonal), 0.0))


def couplings(edges: Network, scale: Nodes) -> Coupling:
    """The matrix W of a network."""
    down, right = edges.down * scale * below(scale), edges.right * scale * to_the_right(scale)
    return Coupling(*(split(stored(edge)) for edge in (down, right)))


def split(field: Nodes) -> Quarters:
    """The four quarters of a field."""
    height, width = field.shape
    quarters = field.reshape(height // 2, 2, width // 2, 2).transpose(1, 3, 0, 2)
    return stored(quarters.reshape(4, height // 2, width // 2))


def join(quarters: Quarters) -> Nodes:
    """The inverse of `split`."""
    _, half_height, half_width = quarters.shape
    field = quarters.reshape(2, 2, half_height, half_width).transpose(2, 0, 3, 1)
    return stored(field.reshape(2 * half_height, 2 * half_width))


def below(field: Nodes) -> Nodes:
    """At each place the entry of the next row, zero beyond the end."""
    return jnp.pad(field, ((0, 1), (0, 0)))[1:]


def above(field: Nodes) -> Nodes:
    """At each place the entry of the previous row, zero before the start."""
    return jnp.pad(field, ((1, 0), (0, 0)))[:-1]


def to_the_right(field: Nodes) -> Nodes:
    """At each place the entry of the next column, zero beyond the end."""
    return jnp.pad(field, ((0, 0), (0, 1)))[:, 1:]


def to_the_left(field: Nodes) -> Nodes:
    """At each place the entry of the previous column, zero before the start."""
    return jnp.pad(field, ((0, 0), (1, 0)))[:, :-1]


def to_black(coupling: Coupling, red: Pair) -> Pair:
    """Apply the coupling from red nodes to black ones: W^T red."""
    (ee, oo), down, right = red, coupling.down, coupling.right
    eo = right[0] * ee + right[1] * to_the_right(ee) + down[1] * oo + above(down[3] * oo)
    oe = down[0] * ee + down[2] * below(ee) + right[2] * oo + to_the_left(right[3] * oo)
    return eo, oe


def to_red(coupling: Coupling, black: Pair) -> Pair:
    """Apply the coupling from black nodes to red ones: W black."""
    (eo, oe), down, right = black, coupling.down, coupling.right
    ee = right[0] * eo + to_the_left(right[1] * eo) + down[0] * oe + above(down[2] * oe)
    oo = down[1] * eo + down[3] * below(eo) + right[2] * oe + right[3] * to_the_right(oe)
    return ee, oo


def add(a: Pair, b: Pair, factor: Array | float = 1.0) -> Pair:
    """a + factor b."""
    return a[0] + factor * b[0], a[1] + factor * b[1]
