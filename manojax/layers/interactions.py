"""Attention of the cells of a map to their neighbours, their contributions merged in one softmax.

A cell consists of children. The queries of a child meet the keys of those children of its own and of neighbouring
cells that lie at least a given distance away. Both fields of the fast multipole method (Greengard and Rokhlin, J.
Comput. Phys. 73, 325, 1987) are of this kind. In the near field a child is a point and a cell is a group. In the
far field of a level a child is a group and a cell is its parent: children two or more apart are its interaction
list.

The computation is padding, shifted slices and matrix products only: nothing is gathered.
"""

import functools
import itertools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from manojax.layers.cells import cell_counts, from_cells, to_cells
from manojax.layers.halo import wrapped
from manojax.layers.summaries import Heads

Offset = tuple[int, ...]
Rings = tuple[bool, ...]
"""True for each axis that is periodic."""

MOST_LOGITS = {"cpu": 2**20}
"""Logits that are held at a time: they should fit the cache of a CPU (4 MiB), and fill an accelerator."""
# Logit of a missing key: finite, so that a query which meets no key at all has no NaN.
_MASKED = -1e30


class Contributions(NamedTuple):
    """Contributions of keys to each query: its largest logit, and the sums of weights and weighted values,

        weight = sum_k exp(logit_k - largest),        values = sum_k exp(logit_k - largest) value_k.

    No gradient flows through `largest`, on which values / weight does not depend.
    """

    largest: Float[Array, "batch *grid heads 1"]
    weight: Float[Array, "batch *grid heads 1"]
    values: Float[Array, "batch *grid heads head_dim"]


def merge(one: Contributions, other: Contributions) -> Contributions:
    """Add up the contributions of two disjoint sets of keys (as in Dao et al., arXiv 2205.14135, section 3.1)."""
    largest = jnp.maximum(one.largest, other.largest)
    first, second = jnp.exp(one.largest - largest), jnp.exp(other.largest - largest)
    weight = first * one.weight + second * other.weight
    return Contributions(largest, weight, first * one.values + second * other.values)


def copy_to_finer(contributions: Contributions, rate: int, grid: tuple[int, ...]) -> Contributions:
    """Copy the contributions to each coarse query to all the rate^d queries of a finer grid that it stands for."""
    sides = (rate,) * len(grid)

    def copy(x: Array) -> Array:
        cells = jnp.expand_dims(x, 1 + len(grid))
        return from_cells(jnp.repeat(cells, rate ** len(grid), axis=1 + len(grid)), sides, grid)

    return Contributions(*map(copy, contributions))


@functools.partial(jax.jit, static_argnames=("query_side", "key_side", "children", "apart", "causal", "rings"))
def cell_attention(
    query: Heads,
    key: Float[Array, "batch *entries heads head_dim"],
    value: Float[Array, "batch *entries heads head_dim"],
    count: Float[Array, "1 *entries 1 1"],
    *,
    query_side: int,
    key_side: int,
    children: tuple[int, ...],
    apart: int,
    causal: bool,
    rings: Rings,
) -> Contributions:
    """Compute contributions of keys to queries of their own and neighbouring cells, `apart` or more children away.

    A child has query_side^d queries and key_side^d keys, a cell so many children along each axis. Logits are
    query . key + log(count), so that a key counts as often as there are real points behind it. Even when
    called outside `jax.jit` this is one program, not a hundred small ones.
    """
    dimensions = query.ndim - 3
    queries = _nested(query, query_side, children)
    cells = queries.shape[1 : 1 + dimensions]
    offsets, met = interaction_list(children, cells, apart=apart, causal=causal, rings=rings)
    nested = (_nested(x, key_side, children) for x in (key, value, count))
    keys, values, counts = (_neighbours(x, offsets, rings) for x in nested)

    met = np.repeat(met.reshape(len(met), -1), key_side**dimensions, axis=1)
    terms = _log_counts(counts[..., 0, 0], met)
    found = _in_blocks((queries, keys, values, terms), dimensions, met.size * query_side**dimensions)
    return Contributions(*(_unnested(x, query_side, children, query.shape[1:-2]) for x in found))


def _attend(
    queries: Float[Array, "*cells child point heads head_dim"],
    keys: Float[Array, "*cells key heads head_dim"],
    values: Float[Array, "*cells key heads head_dim"],
    terms: Float[Array, "*one_batch 1 child 1 key"],
) -> Contributions:
    """Compute contributions of keys to the queries of each cell; `terms` are added to the logits."""
    logits = jnp.einsum("...cqhd,...khd->...hcqk", queries, keys) + terms
    largest = jax.lax.stop_gradient(logits.max(axis=-1))
    exponentials = jnp.exp(logits - largest[..., None])
    return Contributions(
        jnp.moveaxis(largest, -3, -1)[..., None],
        jnp.moveaxis(exponentials.sum(axis=-1), -3, -1)[..., None],
        jnp.einsum("...hcqk,...khd->...cqhd", exponentials, values),
    )


def _in_blocks(parts: tuple[Array, Array, Array, Array], dimensions: int, pairs: int) -> Contributions:
    """Apply `_attend` to as many cells at a time as keep the logits of their `pairs` pairs in bounded memory.

    The gradient computes the logits of a block again.
    """
    batch, *cells = parts[0].shape[: 1 + dimensions]
    most = MOST_LOGITS.get(jax.default_backend(), 2**28)
    block = max(1, most // (batch * pairs * parts[0].shape[-2]))
    if block >= math.prod(cells):
        return _attend(*parts)
    one_axis = (part.reshape(part.shape[0], -1, *part.shape[1 + dimensions :]) for part in parts)
    by_cell = tuple(jnp.moveaxis(part, 1, 0) for part in one_axis)
    found = jax.lax.map(jax.checkpoint(lambda each: _attend(*each)), by_cell, batch_size=block)
    return Contributions(*(jnp.moveaxis(x, 0, 1).reshape(batch, *cells, *x.shape[2:]) for x in found))


def interaction_list(
    children: tuple[int, ...], cells: tuple[int, ...], *, apart: int, causal: bool, rings: Rings
) -> tuple[list[Offset], Bool[np.ndarray, "child offset key_child"]]:
    """List the children that a child meets in each cell: they lie `apart` or more children away along some axis.

    Around a ring the shorter way counts. A ring of one cell has no neighbours, and one of two has a single one.

    Returns the offsets of the cells that any child meets, and for each child and offset the children it meets
    there; with `causal`, it meets no later child.
    """
    around = {1: (0,), 2: (0, 1)}
    along = [around.get(n, (-1, 0, 1)) if ring else (-1, 0, 1) for n, ring in zip(cells, rings, strict=True)]
    offsets = np.array(list(itertools.product(*along)))
    places = np.array(list(itertools.product(*map(range, children))))
    steps = np.array(children) * offsets[None, :, None, :] + places[None, None, :, :] - places[:, None, None, :]
    whole = np.array(children) * np.array(cells)
    distances = np.where(rings, np.minimum(steps % whole, -steps % whole), np.abs(steps))
    met = distances.max(axis=-1) >= apart
    if causal:
        met &= (steps <= 0).all(axis=-1)
    kept = met.any(axis=(0, 2))
    return [tuple(offset) for offset in offsets[kept].tolist()], met[:, kept]


def _nested(
    x: Heads, side: int, children: tuple[int, ...]
) -> Float[Array, "batch *cells child point heads head_dim"]:
    return to_cells(to_cells(x, (side,) * len(children)), children)


def _unnested(
    x: Float[Array, "batch *cells child point heads head_dim"],
    side: int,
    children: tuple[int, ...],
    grid: tuple[int, ...],
) -> Heads:
    sides = (side,) * len(grid)
    return from_cells(from_cells(x, children, cell_counts(grid, sides)), sides, grid)


def _neighbours(
    x: Float[Array, "batch *cells child point heads head_dim"], offsets: list[Offset], rings: Rings
) -> Float[Array, "batch *cells key heads head_dim"]:
    """Collect for every cell the points of the cells at these offsets from it (zero beyond a border)."""
    cells = x.shape[1:-4]
    x = x.reshape(x.shape[0], *cells, -1, *x.shape[-2:])
    borders = [(0, 0) if ring else (1, 1) for ring in rings]
    padded = jnp.pad(wrapped(x, 1, rings), [(0, 0), *borders, (0, 0), (0, 0), (0, 0)])
    shifted = [
        padded[(slice(None), *(slice(1 + o, 1 + o + n) for o, n in zip(offset, cells, strict=True)))]
        for offset in offsets
    ]
    return jnp.concatenate(shifted, axis=1 + len(cells))


def _log_counts(
    count: Float[Array, "1 *cells key"], met: Bool[np.ndarray, "child key"]
) -> Float[Array, "1 *cells 1 child 1 key"]:
    """Compute the terms that counts and the interaction list add to the logits."""
    count = jnp.expand_dims(count, (-2, -3, -4))
    met = np.expand_dims(met[:, None, :], tuple(range(count.ndim - 3)))
    return jnp.where(met & (count > 0), jnp.log(jnp.maximum(count, 1)), _MASKED)


def far_levels(grid: tuple[int, ...], group: int, rings: Rings = ()) -> list[tuple[int, ...]]:
    """List the levels with a far field, each by the groups along each axis of a cell.

    The number of groups is halved until all are neighbours: two are left, or three on a ring. Where a ring has an
    odd number of groups, all groups are one cell, on the last level.
    """
    levels, groups = [], cell_counts(grid, (group,) * len(grid))
    around = rings or (False,) * len(grid)
    while any(n > (3 if ring else 2) for n, ring in zip(groups, around, strict=True)):
        if any(ring and n % 2 and n > 1 for n, ring in zip(groups, around, strict=True)):
            return [*levels, groups]
        levels.append((2,) * len(grid))
        groups = cell_counts(groups, (2,) * len(grid))
    return levels
