"""What are huge pages worth to a training step on a CPU (Linux, glibc 2.35 or newer)?

    python benchmarks/huge_pages.py [--resolution 31] [--batch 10] [--rounds 5] [--json FILE]

XLA asks for the memory of all that lies inside a step anew at every step, and the system hands it out in pages of
4 KiB, each at the cost of an interruption. GLIBC_TUNABLES=glibc.malloc.hugetlb=1 has it come in pages of 2 MiB.
Each model's gradient (default options, one channel in and out) runs in fresh processes with and without, in turn
in every round: medians of 20 steps each, the median over rounds, and page faults a step.

Found, on 2 cores (`results/huge_pages.json`): a step of MANO takes 0.54 of its time without, one of ViT 0.71, of
U-Net 0.90 and of FNO 0.93.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

MODELS = ("mano", "fno", "unet", "vit")
SETTINGS = {"4 KiB": "", "2 MiB": "glibc.malloc.hugetlb=1"}
STEPS = 20


def measure(name: str, side: int, batch: int) -> dict[str, float]:
    import jax
    import jax.numpy as jnp
    from flax import nnx

    import manojax

    options = manojax.MODELS[name].Config().for_grid((side, side))
    model = manojax.MODELS[name](1, 1, options, dtype=jnp.float32, rngs=nnx.Rngs(0))
    graph, params = nnx.split(model, nnx.Param)
    x = jax.random.normal(jax.random.key(0), (batch, side, side, 1))
    gradient = jax.jit(jax.grad(lambda params: ((nnx.merge(graph, params)(x) - x) ** 2).mean()))
    jax.block_until_ready([gradient(params) for _ in range(3)])
    faults, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, []
    for _ in range(STEPS):
        start = time.perf_counter()
        jax.block_until_ready(gradient(params))
        seconds.append(time.perf_counter() - start)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    return {"seconds": statistics.median(seconds), "faults": faults / STEPS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in MODELS:
        rows: dict[str, list[dict[str, float]]] = {pages: [] for pages in SETTINGS}
        for _ in range(options.rounds):
            for pages, tunables in SETTINGS.items():
                command = [sys.executable, __file__, "--worker", name, *size]
                environment = os.environ | {"GLIBC_TUNABLES": tunables}
                rows[pages].append(json.loads(subprocess.check_output(command, env=environment, text=True)))
        found[name] = {
            pages: {key: statistics.median(row[key] for row in measured) for key in ("seconds", "faults")}
            for pages, measured in rows.items()
        }
        print(name, found[name], flush=True)
    if options.json:
        from pde.files import write_text
        from pde.versions import versions

        setting = {"resolution": options.resolution, "batch": options.batch, "rounds": options.rounds}
        write_text(options.json, json.dumps({**setting, "versions": versions(), **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
