"""The five-point scheme in red-black form: fields and edges split by the parity of node numbers.

Nodes are numbered from the border, so the unknowns of an axis are nodes 1, 2, ... and node 0 is border. Split by
the parity of row and column into four arrays of equal shape, every neighbour stands at the same place or one
beside it, and a sweep over one colour is arithmetic of whole arrays. Red nodes are those of parity ee and oo,
black ones eo and oe; a node has neighbours of the other colour only. With the black nodes scaled alike, the
system is (1, -W; -W^T, 1) for the matrix W of `couplings`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

Nodes = Float[Array, "height width"]
Part = Float[Array, "half_height half_width"]
# A result that several others read: without it, XLA on the CPU computes it anew for each of them.
stored = jax.lax.optimization_barrier

SHORT, OPEN = 1e6, 1e-30  # conductances, relative to the largest there is, where there is no edge


class Parity(NamedTuple):
    """Entry (k, l) of part eo is node (2 k, 2 l + 1): even row, odd column; the others alike."""

    ee: Part
    eo: Part
    oe: Part
    oo: Part


class Edges(NamedTuple):
    """A number for the edge of each node to the one below it and to the one on its right."""

    down: Parity
    right: Parity


def split(field: Nodes, *, beyond_rows: float = 0.0, beyond_columns: float = 0.0) -> Parity:
    """The four parts of a field on nodes; a row or column is added where their number is odd."""
    field = jnp.pad(field, ((0, field.shape[0] % 2), (0, 0)), constant_values=beyond_rows)
    field = stored(jnp.pad(field, ((0, 0), (0, field.shape[1] % 2)), constant_values=beyond_columns))
    return stored(Parity(field[::2, ::2], field[::2, 1::2], field[1::2, ::2], field[1::2, 1::2]))


def join(parts: Parity, shape: tuple[int, ...]) -> Nodes:
    """The inverse of `split`."""
    half_height, half_width = parts.ee.shape
    even = jnp.stack([parts.ee, parts.eo], axis=-1).reshape(half_height, 2 * half_width)
    odd = jnp.stack([parts.oe, parts.oo], axis=-1).reshape(half_height, 2 * half_width)
    rows = jnp.stack(stored([even, odd]), axis=1).reshape(2 * half_height, 2 * half_width)
    return stored(rows[: shape[0], : shape[1]])


def split_unknowns(field: Nodes) -> Parity:
    """`split` of a field that lacks the border row and column 0."""
    return split(jnp.pad(field, ((1, 0), (1, 0))))


def join_unknowns(parts: Parity, shape: tuple[int, ...]) -> Nodes:
    """The inverse of `split_unknowns`."""
    return join(parts, (shape[0] + 1, shape[1] + 1))[1:, 1:]


def split_edges(down: Nodes, right: Nodes) -> Edges:
    """Conductances of edges, given at the upper and left node.

    What is added beyond the last border is one with it: edges onwards are short, edges along it carry nothing.
    """
    return Edges(
        split(down, beyond_rows=SHORT, beyond_columns=OPEN), split(right, beyond_rows=OPEN, beyond_columns=SHORT)
    )


def below(part: Part) -> Part:
    """Entry k + 1 at place k, zero beyond the end."""
    return jnp.pad(part, ((0, 1), (0, 0)))[1:]


def above(part: Part) -> Part:
    """Entry k - 1 at place k, zero before the start."""
    return jnp.pad(part, ((1, 0), (0, 0)))[:-1]


def to_the_right(part: Part) -> Part:
    """Entry l + 1 at place l, zero beyond the end."""
    return jnp.pad(part, ((0, 0), (0, 1)))[:, 1:]


def to_the_left(part: Part) -> Part:
    """Entry l - 1 at place l, zero before the start."""
    return jnp.pad(part, ((0, 0), (1, 0)))[:, :-1]


def inverse_root_diagonal(edges: Edges, shape: tuple[int, ...]) -> Parity:
    """1 / sqrt(sum of a node's four conductances) on the unknowns, zero on the border and beyond."""
    down, right = edges
    diagonal = Parity(
        down.ee + above(down.oe) + right.ee + to_the_left(right.eo),
        down.eo + above(down.oo) + right.eo + right.ee,
        down.oe + down.ee + right.oe + to_the_left(right.oo),
        down.oo + down.eo + right.oo + right.oe,
    )
    half_height, half_width = diagonal.ee.shape
    row, column = jnp.arange(half_height)[:, None], jnp.arange(half_width)[None, :]
    even_row, odd_row = row > 0, 2 * row + 1 <= shape[0]
    even_column, odd_column = column > 0, 2 * column + 1 <= shape[1]
    inside = (even_row & even_column, even_row & odd_column, odd_row & even_column, odd_row & odd_column)
    return stored(Parity(*(jnp.where(i, jax.lax.rsqrt(d), 0.0) for i, d in zip(inside, diagonal, strict=True))))


def couplings(edges: Edges, scale: Parity) -> Edges:
    """Conductance times the scales of both its ends: the matrix W, edge by edge."""
    down, right = edges
    return stored(
        Edges(
            Parity(
                down.ee * scale.ee * scale.oe,
                down.eo * scale.eo * scale.oo,
                down.oe * scale.oe * below(scale.ee),
                down.oo * scale.oo * below(scale.eo),
            ),
            Parity(
                right.ee * scale.ee * scale.eo,
                right.eo * scale.eo * to_the_right(scale.ee),
                right.oe * scale.oe * scale.oo,
                right.oo * scale.oo * to_the_right(scale.oe),
            ),
        )
    )


def to_black(coupling: Edges, ee: Part, oo: Part) -> tuple[Part, Part]:
    """What the red nodes send to the black ones, (eo, oe): W^T red."""
    down, right = coupling
    eo = right.ee * ee + right.eo * to_the_right(ee) + down.eo * oo + above(down.oo * oo)
    oe = down.ee * ee + down.oe * below(ee) + right.oe * oo + to_the_left(right.oo * oo)
    return eo, oe


def to_red(coupling: Edges, eo: Part, oe: Part) -> tuple[Part, Part]:
    """What the black nodes send to the red ones, (ee, oo): W black."""
    down, right = coupling
    ee = right.ee * eo + to_the_left(right.eo * eo) + down.ee * oe + above(down.oe * oe)
    oo = down.eo * eo + down.oo * below(eo) + right.oe * oe + right.oo * to_the_right(oe)
    return ee, oo
