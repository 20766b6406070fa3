"""Thousands of checkpoints in one run: does the process grow?

    python -m benchmarks.reliability.soak [--checkpoints 2000] [--json FILE]

A small model is trained on ten samples, one step and one checkpoint an epoch. Every second a thread notes how many
there have been, the resident memory and the open files. Slopes are those of straight lines through the notes after
the first quarter. Then, in the same process, Orbax by itself saves as many items of arrays as a training does, and
nothing of this project is called.

Found, on 2 cores (`results/soak.json`): 2000 checkpoints, no more open files at the end than at first, and 33 KiB
more memory per checkpoint (55 while a checkpoint had two items with arrays). Orbax by itself keeps 19 of them in
the same process (38 with two items); the cause of the others was not found.
"""

import gc
import json
import os
import tempfile
import threading
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from benchmarks.record import command_line, write
from manojax import FNOConfig
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.runs.config import TrainingConfig
from pde.training.train import train


def resident() -> float:
    """MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def of_orbax(folder: Path, checkpoints: int = 300) -> float:
    """KiB that remain per checkpoint of Orbax alone, with as many items of small arrays."""
    manager = ocp.CheckpointManager(folder, options=ocp.CheckpointManagerOptions(max_to_keep=2))
    state = ocp.args.PyTreeSave({str(number): jnp.ones((8, 8)) for number in range(40)})

    def save(step: int) -> None:
        position = ocp.args.JsonSave({"step": step})
        manager.save(step, args=ocp.args.Composite(state=state, position=position))
        manager.wait_until_finished()

    for step in range(checkpoints // 3):
        save(step)
    before = resident()
    for step in range(checkpoints // 3, checkpoints // 3 + checkpoints):
        save(step)
    gc.collect()
    manager.close()
    return 1024 * (resident() - before) / checkpoints


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--checkpoints", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    noted: list[tuple[int, float, int]] = []
    over = threading.Event()
    with tempfile.TemporaryDirectory() as name:
        data, out = Path(name, "data.h5"), Path(name, "run")
        generate(Darcy(resolution=9), data, samples=11, seed=0)

        def watch() -> None:
            log = out / "metrics.jsonl"
            while not over.wait(1):
                if log.exists():
                    done = len(log.read_text(encoding="utf-8").splitlines())
                    noted.append((done, resident(), len(os.listdir("/proc/self/fd"))))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            train(
                data,
                out,
                model="fno",
                options=FNOConfig(width=8, depth=1, modes=(2, 2)),
                config=TrainingConfig(epochs=options.checkpoints),
            )
        finally:
            over.set()
            watcher.join()
        alone = of_orbax(Path(name, "alone"))
    checkpoints, memory, files = np.array(noted)[len(noted) // 4 :].T
    found = {
        "checkpoints": options.checkpoints,
        "MiB at first": noted[len(noted) // 4][1],
        "MiB at last": noted[-1][1],
        "open files at first": noted[len(noted) // 4][2],
        "open files at last": noted[-1][2],
        "KiB a checkpoint": 1024 * float(np.polyfit(checkpoints, memory, 1)[0]),
        "open files a checkpoint": float(np.polyfit(checkpoints, files, 1)[0]),
        "KiB a checkpoint of Orbax alone": alone,
    }
    print(json.dumps(found, indent=1))
    write(options.json, found)


if __name__ == "__main__":
    main()
