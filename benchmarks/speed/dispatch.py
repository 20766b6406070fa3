"""Steps a second: one in a call of compiled code, or many in a loop that is compiled; with and without huge pages.

    python -m benchmarks.speed.dispatch [--resolution 31] [--batch 10] [--rounds 5] [--json FILE]

At every call XLA asks again for the memory of all arrays inside the call, and Linux hands it out in pages of 4
KiB, each at the cost of a page fault. `pde.training.engine.steps.Stepper`, which `manojax train` uses, takes many
steps in a call; GLIBC_TUNABLES=glibc.malloc.hugetlb=1 (glibc 2.35 or newer) gives pages of 2 MiB. Training steps
of each model (default options, one channel in and out, squared error, AdamW) are taken one by one, one by one with
the state's buffers donated, and in a loop, in turn, in fresh processes with and without huge pages: medians of a
process, then over rounds, and page faults a step.

Found, on 2 cores (`results/dispatch.json`, two rounds, 31 x 31, batches of 10): in a loop MANO takes 1.7 times as
many steps a second, ViT 1.6, U-Net 1.1 and FNO 1.05; with huge pages as well 1.8, 1.8, 1.2 and 1.2 (U-Net has no
page faults to lose). A step of MANO by itself has 31,000 page faults, in a loop 3,100.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import time
from collections import deque
from pathlib import Path

from benchmarks.record import again, command_line, write

MODELS = ("mano", "fno", "unet", "vit")
PAGES = {"4 KiB": "", "2 MiB": "glibc.malloc.hugetlb=1"}
STEPS, REPEATS = 10, 4


def measure(name: str, side: int, batch: int) -> dict[str, dict[str, float]]:
    """Seconds and page faults a step, of steps that are called one by one and of those in a loop."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    from flax import nnx
    from jax.sharding import Mesh

    import manojax
    from pde.training.engine.devices import DATA, SPACE
    from pde.training.engine.feeding import Resident
    from pde.training.engine.steps import Stepper, make_gradient, make_step, take_all

    options = manojax.MODELS[name].Config().for_grid((side, side))
    graph, params = nnx.split(manojax.MODELS[name](1, 1, options, dtype=jnp.float32, rngs=nnx.Rngs(0)), nnx.Param)
    fields, targets = np.random.default_rng(0).normal(size=(2, batch, side, side, 1)).astype(np.float32)
    optimiser = optax.adamw(1e-3)

    def loss(params, x, y):
        return ((nnx.merge(graph, params)(x) - y) ** 2).mean()

    step, gradient = make_step(loss, optimiser), make_gradient(loss, 1, None)
    mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), (DATA, SPACE))
    resident = Resident((fields, targets), mesh)
    stepper = Stepper(lambda _: gradient, optimiser, resident, lambda _, field: field, mesh)
    start, arrays = (params, optimiser.init(params)), (jnp.asarray(fields), jnp.asarray(targets))

    donated = jax.jit(step, donate_argnums=(0, 1))

    def one_by_one(step=step):
        state = jax.tree.map(jnp.copy, start)
        for _ in range(STEPS):
            params, optimiser_state, loss = step(*state, *arrays)
            state = params, optimiser_state
            jax.block_until_ready(loss)

    def in_a_loop():
        deque(take_all(start, [(stepper, [(np.arange(batch), np.int32(0))] * STEPS)]), maxlen=0)

    ways = {"one by one": one_by_one, "donated": lambda: one_by_one(donated), "in a loop": in_a_loop}
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for repeat in range(REPEATS + 2):
        for way, steps in ways.items():
            before, started = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.perf_counter()
            steps()
            seconds = time.perf_counter() - started
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
            if repeat > 1:  # compiled, and the loop knows how many steps to take
                found[way].append((seconds / STEPS, faults / STEPS))
    return {
        way: dict(zip(("seconds", "faults"), map(statistics.median, zip(*each, strict=True)), strict=True))
        for way, each in found.items()
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--resolution", type=int, default=31)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", choices=MODELS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measure(options.worker, options.resolution, options.batch)))
        return

    size = ["--resolution", str(options.resolution), "--batch", str(options.batch)]
    table: dict[str, dict[str, dict[str, float]]] = {}
    print("| model | way | pages | milliseconds | times as fast | page faults |\n|---|---|---|---|---|---|")
    for name in MODELS:
        rows: dict[str, list[dict[str, float]]] = {}
        for _ in range(options.rounds):
            for pages, tunables in PAGES.items():
                command = [*again(), "--worker", name, *size]
                environment = os.environ | {"GLIBC_TUNABLES": tunables}
                found = json.loads(subprocess.check_output(command, env=environment, text=True))
                for way, row in found.items():
                    rows.setdefault(f"{way} | {pages}", []).append(row)
        table[name] = {
            row: {key: statistics.median(each[key] for each in measured) for key in ("seconds", "faults")}
            for row, measured in rows.items()
        }
        slowest = table[name]["one by one | 4 KiB"]["seconds"]
        for row, found in table[name].items():
            speed = slowest / found["seconds"]
            print(
                f"| {name} | {row} | {1e3 * found['seconds']:.0f} | {speed:.2f} | {found['faults']:.0f} |",
                flush=True,
            )
    setting = {"resolution": options.resolution, "batch": options.batch, "rounds": options.rounds}
    write(options.json, setting | table)


if __name__ == "__main__":
    main()
