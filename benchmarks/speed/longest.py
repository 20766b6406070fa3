"""How much memory does fast multipole attention take on four million points of an axis?

    python -m benchmarks.speed.longest [--points 4194304] [--json FILE]

The forward pass of FMA, width 32, depth 2, groups of 64, float32, batch 1, with queries of distant groups
summarised, as in `benchmarks.speed.operators`. Stated are XLA's count of temporary memory, the largest memory of
the process, and the seconds of the second and third call.

Found: 14.8 GiB, of which XLA counts 13.4 (`results/longest.json`).
"""

import resource
import time
from pathlib import Path
from typing import Any

import jax
from flax import nnx

import manojax
from benchmarks.record import command_line, write


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--points", type=int, default=2**22)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    options: dict[str, Any] = {"width": 32, "depth": 2, "dimensions": 1, "group": 64, "summaries": 4, "levels": 16}
    model = manojax.create("fma", **options, summarise_queries=True, rngs=nnx.Rngs(0))
    graph, params = nnx.split(model, nnx.Param)
    fields = jax.random.normal(jax.random.key(0), (1, arguments.points, 1))
    program: Any = jax.jit(lambda params, fields: nnx.merge(graph, params)(fields)).lower(params, fields).compile()
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        program(params, fields).block_until_ready()
        seconds.append(time.perf_counter() - started)
    found = {
        "points": arguments.points,
        "counted GiB": program.memory_analysis().temp_size_in_bytes / 2**30,
        "largest GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "seconds": seconds[1:],
    }
    print(found)
    write(arguments.json, found)


if __name__ == "__main__":
    main()
