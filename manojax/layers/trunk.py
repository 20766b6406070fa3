"""The trunk of operators with attention: pre-norm blocks, one after the other."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike

from manojax.layers.basic import MLP, LayerNorm, Map, rematerialised, residual_init


class PreNormBlock(nnx.Module):
    """x + attention(LN(x)), then x + MLP(LN(x)); further arguments go to the attention."""

    def __init__(
        self,
        attention: nnx.Module,
        width: int,
        hidden: int,
        *,
        output_init: Initializer,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        self.attention_norm = LayerNorm(width, rngs=rngs)
        self.attention = attention
        self.mlp_norm = LayerNorm(width, rngs=rngs)
        self.mlp = MLP(width, hidden, width, output_init=output_init, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map, *context: Any) -> Map:
        x = x + self.attention(self.attention_norm(x), *context)
        return x + self.mlp(self.mlp_norm(x))


def pre_norm_blocks(
    attention: Callable[[int, Initializer], nnx.Module],
    depth: int,
    width: int,
    hidden: int,
    *,
    dtype: DTypeLike,
    rngs: nnx.Rngs,
) -> list[PreNormBlock]:
    """Make blocks for `in_sequence`, whose sum of residual branches has the scale of one branch.

    Args:
        attention: makes the attention of a block, given the number of the block and the initialiser of the last
            matrix of its residual branches.
        depth: number of blocks.
        width: channels of the feature map.
        hidden: channels between the two matrices of an MLP.
        dtype: precision of activations.
        rngs: random numbers of the parameters.
    """
    output_init = residual_init(2 * depth)
    return [
        PreNormBlock(attention(index, output_init), width, hidden, output_init=output_init, dtype=dtype, rngs=rngs)
        for index in range(depth)
    ]


def in_sequence(
    blocks: Sequence[nnx.Module], x: Map, *context: Any, remat: bool = False, scan: bool = True
) -> Map:
    """Pass x through the blocks in turn, with `context` as further arguments of each.

    Blocks that differ in their parameters only are compiled once, as the body of a scan, unless `scan` is False:
    with convolutions a step takes a fifth more time in a scan on a CPU. With `remat` a gradient computes each
    block a second time instead of keeping its intermediate results.
    """
    graphs, states = zip(*(nnx.split(block) for block in blocks), strict=True)

    def through(block: nnx.Module, x: Map) -> Map:
        return rematerialised(block, x, *context) if remat else block(x, *context)

    if not scan or any(graph != graphs[0] for graph in graphs):
        for block in blocks:
            x = through(block, x)
        return x
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    x, _ = jax.lax.scan(lambda x, state: (through(nnx.merge(graphs[0], state), x), None), x, stacked)
    return x
