"""Time of a forward pass by the number of points, for MANO, window attention and full attention.

All have width 32 and depth 4. Window attention is the finest level of MANO alone, in disjoint windows of 8 x 8
points. On square grids, one sample a pass, all in turn.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import jax
from flax import nnx

import manojax
from benchmarks.accuracy.paper.rows import Row
from pde.runs.build import size_of, split
from pde.system.timing import medians_in_turn

CASES: dict[str, dict[str, Any]] = {
    "mano": {"name": "mano"},
    "mano-paper": {"name": "mano-paper"},
    "windows": {"name": "mano-paper", "levels": 1, "window": 8, "stride": 8},
    "full-attention": {"name": "full-attention"},
}


_MOST_OF_FULL_ATTENTION = 64
"""Points a side: its memory grows with the square of their number, 4 GB for the logits of a block at 128."""


def rows(cases: Sequence[str], grids: Sequence[int]) -> Iterator[Row]:
    models = {case: split(manojax.create(**CASES[case], width=32, depth=4, rngs=nnx.Rngs(0))) for case in cases}
    for points in grids:
        x = jax.random.normal(jax.random.key(0), (1, points, points, 1))
        passes = {}
        for case, (graph, params) in models.items():
            if case == "full-attention" and points > _MOST_OF_FULL_ATTENTION:
                continue
            forward = jax.jit(partial(_forward, graph)).lower(params, x).compile()
            passes[case] = partial(_finished, forward, params, x)
        times = medians_in_turn(list(passes.values()))
        for case, milliseconds in zip(passes, times, strict=True):
            yield {
                "of": {"case": case, "points": points**2},
                "parameters": size_of(models[case][1]),
                "milliseconds": milliseconds,
            }


def _forward(graph: Any, params: Any, x: jax.Array) -> jax.Array:
    return nnx.merge(graph, params)(x)


def _finished(function: Any, *arguments: Any) -> None:
    jax.block_until_ready(function(*arguments))
