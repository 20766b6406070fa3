"""Fast multipole attention: near keys exactly, far keys by summaries of groups that grow with distance."""

import functools

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.basic import Linear, check_heads, default_init
from manojax.layers.cells import check_patches
from manojax.layers.interactions import Contributions, cell_attention, copy_to_finer, far_levels, merge
from manojax.layers.summaries import Counts, Heads, Summaries, level_counts

Map = Float[Array, "batch *grid channel"]


class FastMultipoleAttention(nnx.Module):
    """Fast multipole attention (Kang et al., arXiv 2310.11960), on grids of any dimension.

    Groups have `group` points a side at level 0 and twice as many at each further level. A query meets the keys of
    its own and the neighbouring groups of level 0 exactly. At every level it meets the groups that are no
    neighbours of its own but whose parents are, each as `summaries` summaries a side, until all groups are
    neighbours: every key is met at exactly one level. One softmax runs over all these entries e,

        out = sum_e c_e exp(query . key_e) value_e / sum_e c_e exp(query . key_e),

    where e stands for c_e keys: 1 in the near field, and the real keys behind a summary in the far field. Keys and
    values of summaries are learned weighted means (see `Summaries`). Logits carry the factor head_dim^(-1/2);
    softmax and sums are float32.

    With n points the cost is O(n log n), or O(n) where queries are summarised too: the far field of a level is
    then computed once for each summary of queries and copied to the points that the summary stands for.

    Args:
        width: channels.
        heads: attention heads.
        group: points a side of a group of level 0.
        summaries: summaries of keys along each side of a group, at every level.
        levels: sets of summary weights; the last set serves all coarser levels, and finer grids have more of them.
        causal: let a query meet no later key; for grids of one axis.
        summarise_queries: summarise far queries too, at cost O(n).
        dimensions: axes of the grid.
        periodic: True for each axis that is periodic: groups at its ends are neighbours.
        output_init: initialiser of the output projection.
        dtype: precision of activations.

    Raises:
        ValueError: heads do not divide the width, summaries do not divide the group, `levels` is below 1, or
            `causal` is asked for on several axes, on a ring, or with summaries of queries, which would hold later
            queries; at call time, groups that do not go once around a periodic axis.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        group: int,
        summaries: int,
        levels: int,
        causal: bool = False,
        summarise_queries: bool = False,
        dimensions: int = 2,
        periodic: tuple[bool, ...] = (),
        output_init: Initializer = default_init,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_heads(width, heads)
        if summaries < 1 or group < 1 or group % summaries:
            raise ValueError(f"group {group} is not a multiple of summaries {summaries}")
        if levels < 1:
            raise ValueError(f"levels {levels} must be at least 1")
        self.periodic = periodic or (False,) * dimensions
        if causal and (dimensions != 1 or summarise_queries or any(self.periodic)):
            raise ValueError("causal attention must have one axis with ends, and queries that are not summarised")
        self.heads, self.group, self.summaries, self.causal = heads, group, summaries, causal
        self.query_key_value = Linear(width, 3 * width, use_bias=False, dtype=dtype, rngs=rngs)
        self.output = Linear(width, width, kernel_init=output_init, dtype=dtype, rngs=rngs)
        summarise = functools.partial(
            Summaries, group // summaries, levels, heads, width // heads, dimensions=dimensions, rngs=rngs
        )
        self.keys, self.values = summarise(), summarise()
        self.queries = summarise() if summarise_queries else None

    def __call__(self, x: Map) -> Map:
        check_patches(x.shape[1:-1], (self.group,) * len(self.periodic), self.periodic)
        projected = self.query_key_value(x)
        parts = jnp.split(projected.astype(jnp.float32), 3, axis=-1)
        query, key, value = (part.reshape(*x.shape[:-1], self.heads, -1) for part in parts)
        found = self._contributions(query * query.shape[-1] ** -0.5, key, value)
        attended = (found.values / found.weight).astype(projected.dtype)
        return self.output(attended.reshape(x.shape))

    def _contributions(self, query: Heads, key: Heads, value: Heads) -> Contributions:
        """Merge the contributions of all keys in the softmax, from the coarsest level to the near field."""
        grid = query.shape[1:-2]
        side = self.group // self.summaries
        far = far_levels(grid, self.group, self.periodic)
        counts = level_counts(grid, side, len(far))
        near = cell_attention(
            query,
            key,
            value,
            counts[0],
            query_side=1,
            key_side=1,
            children=(self.group,) * len(grid),
            apart=0,
            causal=self.causal,
            rings=self.periodic,
        )
        levels = [near, *self._far_contributions(query, key, value, counts, far)]
        total = levels[-1]
        for level in reversed(range(len(levels) - 1)):
            if self.queries is not None:
                total = copy_to_finer(total, 2 if level else side, levels[level].values.shape[1:-2])
            total = merge(levels[level], total)
        return total

    def _far_contributions(
        self, query: Heads, key: Heads, value: Heads, counts: Counts, far: list[tuple[int, ...]]
    ) -> list[Contributions]:
        """Compute contributions of each level's far field to the queries or to their summaries on that level."""
        keys, values = self.keys(key, counts), self.values(value, counts)
        levels = range(len(keys))
        if self.queries is None:
            queries, sides = [query] * len(keys), [self.group * 2**level for level in levels]
        else:
            queries, sides = self.queries(query, counts), [self.summaries] * len(keys)
        return [
            cell_attention(
                queries[level],
                keys[level],
                values[level],
                counts[1 + level],
                query_side=sides[level],
                key_side=self.summaries,
                children=far[level],
                apart=2,
                causal=self.causal,
                rings=self.periodic,
            )
            for level in levels
        ]
