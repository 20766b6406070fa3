"""How long does a training step take by the number of pieces that its batch is divided into?

    python -m benchmarks.speed.pieces [--models mano fno unet vit] [--sides 31 61 85] [--batch 10] [--rounds 5]
        [--json FILE]

Models have their own defaults; a step is a gradient, accumulated over the pieces, and a change of the parameters,
in a compiled loop of some steps. For each model and grid all numbers of pieces that divide the batch are timed in
turn in every round, after one round to warm up. Stated are medians of milliseconds a step, and XLA's count of the
memory that a step takes.

`manojax train` divides a batch on a CPU into pieces of at most ten thousand points (`pde.training.engine.pieces`);
that number of pieces is marked.

Found (`results/pieces.json`, batch 10, 2 cores of an AMD EPYC): at 31 x 31 one piece is fastest. The chosen pieces
take 0.78 to 0.95 of the time of the whole batch at 61 x 61 and 0.59 to 0.80 at 85 x 85.
"""

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

import manojax
from benchmarks.record import command_line, write
from pde.training.engine.pieces import pieces
from pde.training.engine.steps import make_gradient

RATE = 1e-3


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--models", nargs="+", default=["mano", "fno", "unet", "vit"])
    parser.add_argument("--sides", nargs="+", type=int, default=[31, 61, 85])
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    for model in arguments.models:
        for side in arguments.sides:
            found = timed(model, side, arguments.batch, arguments.rounds)
            rows.append({"model": model, "side": side, "pieces": found})
            chosen = pieces(arguments.batch, side**2)
            for number, row in found.items():
                mark = " *" if number == chosen else ""
                print(f"{model:5} {side:4} {number:3} pieces", *(f"{k} {v:.1f}" for k, v in row.items()), mark)
    write(arguments.json, {"batch": arguments.batch, "rounds": arguments.rounds, "rows": rows})


def timed(name: str, side: int, batch: int, rounds: int) -> dict[int, dict[str, float]]:
    """Return milliseconds and MiB of a training step by the number of pieces."""
    steps = max(1, 60_000 // (batch * side**2))
    model = manojax.create(name, rngs=nnx.Rngs(0))
    graph, params = nnx.split(model)
    fields = jax.random.normal(jax.random.key(0), (batch, side, side, 1))

    def loss(params: Any, fields: jax.Array, solutions: jax.Array) -> jax.Array:
        return ((nnx.merge(graph, params)(fields) - solutions) ** 2).mean()

    def program(number: int) -> Any:
        gradient = make_gradient(loss, number, None)

        def step(params: Any, _: None) -> tuple[Any, None]:
            return jax.tree.map(lambda p, g: p - RATE * g, params, gradient(params, fields, fields)[1]), None

        return jax.jit(lambda params: jax.lax.scan(step, params, None, length=steps)[0]).lower(params).compile()

    programs = {number: program(number) for number in range(1, batch + 1) if batch % number == 0}
    times = defaultdict(list)
    for turn in range(rounds + 1):
        for number, call in programs.items():
            started = time.perf_counter()
            jax.block_until_ready(call(params))
            times[number] += [(time.perf_counter() - started) / steps] if turn else []
    return {
        number: {
            "ms": 1e3 * float(np.median(times[number])),
            "MiB": call.memory_analysis().temp_size_in_bytes / 2**20,
        }
        for number, call in programs.items()
    }


if __name__ == "__main__":
    main()
