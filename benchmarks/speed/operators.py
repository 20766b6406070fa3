"""The cost of operators with attention as the grid grows, beside full attention.

    python -m benchmarks.speed.operators [--rounds 5] [--largest 1024] [--json FILE] [--plot FILE]

Width 32, depth 2, batch 1, float32; a step is forward and gradient. Operations and memory are XLA's own count for
the program (with attention at all levels, operations of one of the two blocks, which run in a loop; those of FMA
as if all logits were held at once; temporary memory of the compiled program at its peak). Exponents are
least-squares slopes of their logarithms against that of the number of points. Times are medians, each grid in a
process of its own; compilation is not in them.

- forward pass and step of MANO, of MANO with attention at all levels and a plain sum, and of FMA (linear form,
  blocks recomputed in the gradient) on 64 x 64 to 1024 x 1024 points; of FMA on 1 k to 256 k tokens of an axis;
- MANO's step beside full attention's at 64 x 64 points;
- one MANO block beside its own matrix products, run alone in the same round (batch 8, 64 x 64 points).

Found, on 2 cores of an AMD EPYC with GLIBC_TUNABLES=glibc.malloc.hugetlb=1 (`results/operators.json`): operations
and memory grow with exponents of 1.00 or less, times of steps with 1.08 (MANO), 1.04 (attention at all levels),
1.09 (FMA) and 0.90 (one axis), those of forward passes with 1.15, 1.15, 1.04 and 1.05: larger maps leave the cache
(`roofline.py` has the exponent of a plain copy). A step of full attention takes 9 times the operations of MANO's,
110 times the memory and 45 times as long. A block costs 2.3 times its own products, with gradient 2.8; with
attention at all levels 5.4 and 4.2, and 4.1 and 3.9 for windows that do not overlap. Products are small (32 x 32
at every point), and the faster they are, the more reading and writing the map weighs beside them. Projecting
straight to planes, without transposes, was tried and is no faster; nor is a layer normalisation by products with
constant matrices, or one whose derivative is given by hand.
"""

import functools
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

import manojax
from benchmarks.record import command_line, write
from manojax.layers.basic import default_init
from manojax.layers.interactions import MOST_LOGITS
from manojax.layers.multipole import Finest, LevelSum
from manojax.layers.pyramid import level_count
from manojax.layers.trunk import PreNormBlock

WIDTH, DEPTH = 32, 2
ATTENTION: dict[str, Any] = {"finest": "attention", "level_sum": "plain"}
SERIES = {"mano": "o", "mano, attention": "d", "fma": "s", "fma, one axis": "^"}
CONVOLUTION: dict[str, Any] = {"finest": "convolution", "level_sum": "cycle"}


def median_seconds(functions: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Each function in turn in every round, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for round_ in range(rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            jax.block_until_ready(function())
            if round_:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(seconds)) for name, seconds in times.items()}


def cost(name: str, grid: tuple[int, ...], rounds: int, **options: Any) -> dict[str, Any]:
    """Cost of a training step of a model on that grid, and of its forward pass alone."""
    model = manojax.create(name, width=WIDTH, depth=DEPTH, dimensions=len(grid), rngs=nnx.Rngs(0), **options)
    graph, params = nnx.split(model, nnx.Param)
    x = jax.random.normal(jax.random.key(0), (1, *grid, 1))

    def forward(params: Any) -> jax.Array:
        return nnx.merge(graph, params)(x)

    def step(params: Any) -> Any:
        return jax.grad(lambda params: jnp.linalg.norm(forward(params) - x))(params)

    found: dict[str, Any] = {"grid": grid}
    for what, function in (("", step), ("forward ", forward)):
        compiled: Any = jax.jit(function).lower(params).compile()
        found |= {
            f"{what}flops": flops(function, params),
            f"{what}bytes": compiled.memory_analysis().temp_size_in_bytes,
            f"{what}seconds": median_seconds({"": functools.partial(compiled, params)}, rounds)[""],
        }
    return found


def flops(function: Callable[[Any], Any], params: Any) -> float:
    """XLA's count of operations, with the logits of FMA in one piece, since a loop is counted as one pass."""
    most = dict(MOST_LOGITS)
    MOST_LOGITS[jax.default_backend()] = 2**60
    jax.clear_caches()  # of the traces of attention
    costs: Any = jax.jit(lambda params: function(params)).lower(params).compile().cost_analysis()
    MOST_LOGITS.clear()
    MOST_LOGITS.update(most)
    jax.clear_caches()
    return costs["flops"]


def growth(name: str, grids: list[tuple[int, ...]], rounds: int, **options: Any) -> dict[str, Any]:
    """Cost of a step on each grid, with the exponent in the number of points."""
    rows = []
    for grid in grids:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            rows.append(process.submit(cost, name, grid, rounds, **options).result())
        print(f"{name} {' x '.join(map(str, grid))}: {rows[-1]}", flush=True)
    points = np.log([np.prod(row["grid"]) for row in rows])

    def exponent(key: str, chosen: slice = slice(None)) -> float | None:
        if len(points[chosen]) < 2:
            return None
        return float(np.polyfit(points[chosen], np.log([row[key] for row in rows])[chosen], 1)[0])

    found: dict[str, Any] = {"rows": rows}
    for what in ("", "forward "):
        found |= {f"{what}{key} exponent": exponent(what + key) for key in ("flops", "bytes")}
        found[f"{what}seconds exponent from the second grid"] = exponent(f"{what}seconds", slice(1, None))
    return found


def beside_full_attention(rounds: int) -> dict[str, Any]:
    """Run each in a process of its own: after the other's gigabytes, memory is slow to allocate."""
    costs = {}
    for name in ("mano", "full-attention"):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            costs[name] = process.submit(cost, name, (64, 64), rounds).result()
    ratios = {key: costs["full-attention"][key] / costs["mano"][key] for key in ("flops", "bytes", "seconds")}
    return {**costs, "full attention by mano": ratios}


def block_beside_its_products(rounds: int, finest: Finest, level_sum: LevelSum, stride: int) -> dict[str, float]:
    """A block of MANO by the time of its own matrix products, forward and forward with gradient."""
    batch, side = 8, 64
    rngs = nnx.Rngs(0)
    attention = manojax.MultipoleAttention(WIDTH, stride=stride, finest=finest, level_sum=level_sum, rngs=rngs)
    block = PreNormBlock(attention, WIDTH, WIDTH, output_init=default_init, dtype=jnp.float32, rngs=rngs)
    graph, params = nnx.split(block, nnx.Param)
    x = jax.random.normal(jax.random.key(0), (batch, side, side, WIDTH))
    weight = jax.random.normal(jax.random.key(1), x.shape)

    def call(params: Any, x: jax.Array) -> jax.Array:
        return nnx.merge(graph, params)(x)

    def gradient(params: Any, x: jax.Array) -> Any:
        return jax.grad(lambda params, x: (weight * call(params, x)).sum(), (0, 1))(params, x)

    pairs = [
        (jax.random.normal(jax.random.key(2), (m, k)), jnp.ones((k, n)))
        for m, k, n in products(batch, side, finest)
    ]
    cotangents = [a @ b for a, b in pairs]
    all_products = jax.jit(lambda pairs: [a @ b for a, b in pairs])
    with_gradients = jax.jit(
        lambda pairs, cts: [(a @ b, ct @ b.T, a.T @ ct) for (a, b), ct in zip(pairs, cts, strict=True)]
    )
    call, gradient = jax.jit(call), jax.jit(gradient)
    seconds = median_seconds(
        {
            "block": lambda: call(params, x),
            "products": lambda: all_products(pairs),
            "block gradient": lambda: gradient(params, x),
            "products gradient": lambda: with_gradients(pairs, cotangents),
        },
        rounds,
    )
    return {
        **seconds,
        "forward": seconds["block"] / seconds["products"],
        "gradient": seconds["block gradient"] / seconds["products gradient"],
    }


def products(batch: int, side: int, finest: Finest) -> list[tuple[int, int, int]]:
    """The matrix products of a block, (rows, inner, columns): MLP, then projections and D and U of every level.

    A convolution is one product of nine shifted maps side by side.
    """
    points = batch * side * side
    found = [(points, WIDTH, WIDTH)] * 2
    for level in range(level_count((side, side), 2, 2)):
        if level:
            points //= 4
            found += [(points, 4 * WIDTH, WIDTH), (points, WIDTH, 4 * WIDTH)]
        if level == 0 and finest == "convolution":
            found.append((points, 9 * WIDTH, WIDTH))
        else:
            found += [(points, WIDTH, 3 * WIDTH), (points, WIDTH, WIDTH)]
    return found


def plot(result: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name, marker in SERIES.items():
        rows = result[name]["rows"]
        points = [np.prod(row["grid"]) for row in rows]
        axes[0].loglog(points, [row["seconds"] for row in rows], marker=marker, label=name)
        axes[1].loglog(points, [row["bytes"] / 2**20 for row in rows], marker=marker, label=name)
    for axis, label in zip(axes, ("seconds a step", "temporary memory, MiB"), strict=True):
        axis.set(xlabel="points", ylabel=label)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=int, default=1024)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    sides = [side for side in (64, 128, 256, 512, 1024) if side <= options.largest]
    lengths = [n for n in (1024, 4096, 16384, 65536, 262144) if n <= options.largest**2]
    result = {
        "device": jax.devices()[0].device_kind,
        "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", ""),
        "block beside its products": {
            "default": block_beside_its_products(options.rounds, **CONVOLUTION, stride=1),
            "attention at all levels": block_beside_its_products(options.rounds, **ATTENTION, stride=1),
            "attention at all levels, stride 2": block_beside_its_products(options.rounds, **ATTENTION, stride=2),
        },
        "64 x 64": beside_full_attention(options.rounds),
    }
    print(json.dumps(result, indent=2), flush=True)
    far = {"summarise_queries": True}
    grids = [(side, side) for side in sides]
    result["mano"] = growth("mano", grids, options.rounds)
    result["mano, attention"] = growth("mano", grids, options.rounds, **ATTENTION)
    result["fma"] = growth("fma", grids, options.rounds, levels=8, remat=True, **far)
    result["fma, one axis"] = growth(
        "fma", [(n,) for n in lengths], options.rounds, group=64, summaries=4, levels=12, **far
    )
    for name in SERIES:
        print(name, {key: value for key, value in result[name].items() if key != "rows"})
    write(options.json, result)
    if options.plot:
        plot(result, options.plot)


if __name__ == "__main__":
    main()
