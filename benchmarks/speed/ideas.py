"""Do other ways to do the solver's work take less time than the one that it has?

    python -m benchmarks.speed.ideas [--sides 211 421 1025] [--rounds 7] [--json FILE]

Each idea replaces one part of the solver while a program is compiled; the rest stays as it is. Two-phase
coefficients 12 and 3, source 1, to a relative residual of 1e-10. All programs are timed in turn in one process;
stated are medians of the ratios to the solver as it is, and the iterations of each. In `two samples side by side`
each sample has a thread of its own, and the ratio is of times a sample.

The five-point scheme needs two colours. Four colours belong to schemes of nine points, which no level here has,
and have no row.

Found (`results/ideas.json`): none takes less time on all grids. Two sweeps a side save a third of the iterations,
and cost more than they save; coefficients in half the bytes cost more to widen than to read; a start by full
multigrid saves one iteration. In float32 a sample of 211 x 211 nodes takes 0.88 of the time, and larger ones 0.95
to 1.01.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from benchmarks.record import command_line, write
from pde.random_fields.gaussian import gaussian_field
from pde.solvers import conjugate_gradients, multigrid
from pde.solvers.conjugate_gradients import Solve
from pde.solvers.elliptic import solve
from pde.solvers.red_black import Colour, add, to_black, to_red
from pde.solvers.side_by_side import in_order

SAMPLES = 4
TILE = 32
"""Rows of a quarter in a tile."""
_HALO = 2
_CYCLE = multigrid.cycle


def plain(a: Array, **options: Any) -> Solve:
    return solve(a, jnp.ones_like(a), spacing=(1 / (a.shape[0] - 1), 1 / (a.shape[1] - 1)), **options)


def from_coarse(a: Array) -> Solve:
    """A full-multigrid start: the guess is the solution on every second node, found alike, roughly."""

    def nested(a: Array) -> Array:
        guess = None if a.shape[0] % 2 == 0 or a.shape[0] < 17 else doubled(nested(a[::2, ::2]))
        return plain(a, guess=guess, tolerance=1e-3).solution

    return plain(a, guess=doubled(nested(a[::2, ::2])))


def doubled(u: Array) -> Array:
    """Interpolate linearly to the nodes between."""
    for axis in (0, 1):
        u = jnp.moveaxis(u, axis, 0)
        between = (u[1:] + u[:-1]) / 2
        u = jnp.concatenate([jnp.stack([u[:-1], between], 1).reshape(-1, *u.shape[1:]), u[-1:]])
        u = jnp.moveaxis(u, 0, axis)
    return u


def in_bytes(dtype: Any) -> Callable[..., tuple[Colour, Colour]]:
    """A cycle whose coefficients are kept in a smaller type; its arithmetic stays in float32."""

    def cycle(hierarchy: multigrid.Hierarchy, red: Colour, black: Colour) -> tuple[Colour, Colour]:
        kept = jax.tree.map(lambda each: multigrid.stored(each.astype(dtype)), hierarchy.levels[:1])
        wide = jax.tree.map(lambda each: each.astype(jnp.float32), kept)
        return _CYCLE(hierarchy._replace(levels=wide + hierarchy.levels[1:]), red, black)

    return cycle


def polynomial(root: float) -> Callable[..., tuple[Colour, Colour]]:
    """A cycle with two sweeps a side, which leave t (t - root) / (1 - root) of an error with eigenvalue t of K.

    With the root 0 they are two plain sweeps.
    """

    def cycle(hierarchy: multigrid.Hierarchy, red: Colour, black: Colour) -> tuple[Colour, Colour]:
        if not hierarchy.levels:
            return _CYCLE(hierarchy, red, black)
        (coupling, interpolation), *coarser = hierarchy.levels
        reduced = multigrid.stored(add(red, to_red(coupling, black)))

        def swept(pair: Colour) -> Colour:
            return multigrid.stored(to_red(coupling, multigrid.stored(to_black(coupling, pair))))

        def smoothed(pair: Colour) -> tuple[Colour, Colour]:
            """Return the smoother's correction of a residual, and the residual that it leaves."""
            once = swept(pair)
            left = add(swept(once), once, -root)
            return add(pair, once, 1 / (1 - root)), tuple(part / (1 - root) for part in left)

        first, left_over = smoothed(reduced)
        coarse = multigrid._restrict(interpolation, left_over, coupling.rings)
        correction = multigrid._correct(multigrid.Hierarchy(tuple(coarser), hierarchy.inverse), coarse)
        interpolated = multigrid._interpolate(interpolation, correction, coupling.rings)
        once = swept(interpolated)
        kept = tuple(part / (1 - root) for part in add(swept(once), once, -root))
        total = multigrid.stored(add(add(first, smoothed(left_over)[0]), kept))
        return total, add(black, to_black(coupling, total))

    return cycle


def tiled(hierarchy: multigrid.Hierarchy, red: Colour, black: Colour) -> tuple[Colour, Colour]:
    """A cycle that leaves large levels tile by tile: sweep, residual and restriction of some rows at once."""
    if not hierarchy.levels or len(red[0]) < 3 * TILE:
        return _CYCLE(hierarchy, red, black)
    (coupling, interpolation), *coarser = hierarchy.levels

    def down(coupling: Any, interpolation: Any, red: Colour, black: Colour) -> Array:
        swept = multigrid.stored(add(black, to_black(coupling, red)))
        return multigrid._restrict(interpolation, multigrid.stored(to_red(coupling, swept)), coupling.rings)

    def up(
        coupling: Any, interpolation: Any, red: Colour, black: Colour, correction: Array
    ) -> tuple[Colour, Colour]:
        corrected = multigrid.stored(add(red, multigrid._interpolate(interpolation, correction, coupling.rings)))
        swept = multigrid.stored(add(black, to_black(coupling, corrected)))
        return add(red, to_red(coupling, swept)), swept

    coarse = by_tiles(down, coupling, interpolation, red, black)
    correction = multigrid._correct(multigrid.Hierarchy(tuple(coarser), hierarchy.inverse), coarse)
    return by_tiles(up, coupling, interpolation, red, black, correction)


def by_tiles(function: Callable[..., Any], *arrays: Any) -> Any:
    """Apply a function to tiles of rows, with the rows that it needs beside them."""
    rows = jax.tree.leaves(arrays)[0].shape[-2]
    count = -(-rows // TILE)

    def padded(each: Array) -> Array:
        beside = [(0, 0)] * each.ndim
        beside[-2] = (_HALO, _HALO + count * TILE - rows)
        return jnp.pad(each, beside)

    whole = multigrid.stored(jax.tree.map(padded, arrays))

    def tile(number: Array) -> Any:
        def rows_of(each: Array) -> Array:
            return jax.lax.dynamic_slice_in_dim(each, number * TILE, TILE + 2 * _HALO, each.ndim - 2)

        found = function(*jax.tree.map(rows_of, whole))
        return jax.tree.map(lambda each: each[_HALO:-_HALO], found)

    tiles = jax.lax.map(tile, jnp.arange(count))
    return jax.tree.map(lambda each: each.reshape(count * TILE, each.shape[-1])[:rows], tiles)


def fused(results: Any) -> Any:
    """Leave it to the compiler what it computes once and what again for each reader."""
    return results


IDEAS: dict[str, tuple[Callable[..., Any], Callable[[], Any]]] = {
    "as it is": (plain, contextlib.nullcontext),
    "float32 iteration, float64 refinement": (
        lambda a: plain(a, precision="single"),
        contextlib.nullcontext,
    ),
    "full-multigrid start": (from_coarse, contextlib.nullcontext),
    "finest coefficients in bfloat16": (
        plain,
        lambda: mock.patch.object(conjugate_gradients, "cycle", in_bytes(jnp.bfloat16)),
    ),
    "finest coefficients in float16": (
        plain,
        lambda: mock.patch.object(conjugate_gradients, "cycle", in_bytes(jnp.float16)),
    ),
    "two sweeps a side": (plain, lambda: polynomial_cycle(0.0)),
    "polynomial smoothing, root 0.2": (plain, lambda: polynomial_cycle(0.2)),
    "polynomial smoothing, root 0.4": (plain, lambda: polynomial_cycle(0.4)),
    "tiles of rows": (plain, lambda: mock.patch.object(conjugate_gradients, "cycle", tiled)),
    "passes of the cycle fused by XLA": (plain, lambda: mock.patch.object(multigrid, "stored", fused)),
}


@contextlib.contextmanager
def polynomial_cycle(root: float) -> Iterator[None]:
    """Replace the cycle on all levels."""
    cycle = polynomial(root)
    with mock.patch.object(conjugate_gradients, "cycle", cycle), mock.patch.object(multigrid, "cycle", cycle):
        yield


def measured(side: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the ratio of each idea's time to that of the solver as it is, and its iterations."""
    with jax.enable_x64(True):
        fields = [
            jnp.where(gaussian_field(jax.random.key(sample), (side, side), alpha=2.0, tau=3.0) >= 0, 12.0, 3.0)
            for sample in range(SAMPLES)
        ]
        programs, iterations = {}, {}
        for name, (function, replaced) in IDEAS.items():
            with replaced():
                # A function of its own for each idea: JAX keeps programs by the function that they come from.
                programs[name] = jax.jit(lambda a, function=function: function(a)).lower(fields[0]).compile()
            solved = [programs[name](a) for a in fields]
            if not all(bool(each.converged) for each in solved):
                iterations[name] = float("nan")
            else:
                iterations[name] = max(int(each.iterations) for each in solved)
        times: dict[str, list[float]] = {name: [] for name in (*IDEAS, "two samples side by side")}
        plainly = programs["as it is"]

        def side_by_side() -> list[Any]:
            return list(in_order(lambda a: jax.block_until_ready(plainly(a)), fields))

        for _ in range(rounds + 1):
            for name, program in programs.items():
                times[name].append(seconds(lambda program=program: [program(a) for a in fields]))
            times["two samples side by side"].append(seconds(side_by_side))
    as_it_is = np.array(times["as it is"][1:])
    return {
        name: {
            "ratio": float(np.median(np.array(taken[1:]) / as_it_is)),
            "iterations": iterations.get(name, iterations["as it is"]),
            "ms a sample": 1e3 * float(np.median(taken[1:])) / SAMPLES,
        }
        for name, taken in times.items()
    }


def seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - started


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[211, 421, 1025])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {}
    for side in options.sides:
        found[f"{side} x {side}"] = measured(side, options.rounds)
        for name, row in found[f"{side} x {side}"].items():
            print(
                f"{side:5} {name:40} {row['ratio']:.2f} {row['iterations']:3} {row['ms a sample']:8.1f}",
                flush=True,
            )
    write(options.json, {"tolerance": 1e-10, "nodes": found})


if __name__ == "__main__":
    main()
