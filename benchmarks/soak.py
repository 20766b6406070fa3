"""Thousands of checkpoints in one run: does the process grow?

    python benchmarks/soak.py [--checkpoints 2000] [--json FILE]

A small model is trained on ten samples, one step and one checkpoint an epoch. Every second a thread notes how many
there have been, the resident memory and the open files. Slopes are those of straight lines through what was noted
after the first quarter. Calls of TensorStore's `experimental_collect_matching_metrics`, which Orbax makes whenever
it saves, are counted; then, in the same process, it is called by itself.

Found, on 2 cores (`results/soak.json`): 2000 checkpoints, no more open files at the end than at first, and 49 KiB
of memory a checkpoint more. A call of `experimental_collect_matching_metrics` keeps 6.6 KiB: that is 26 of them.
Whose the rest is has not been found.
"""

import argparse
import gc
import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from manojax import FNOConfig
from pde.darcy import Darcy
from pde.files import write_text
from pde.generation import generate
from pde.runs import TrainingConfig
from pde.training import train
from pde.versions import versions


def resident() -> float:
    """MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(call: Callable[[], Any], calls: int = 1000) -> float:
    """KiB that stay of a call."""
    for _ in range(calls // 10):
        call()
    before = resident()
    for _ in range(calls):
        call()
    gc.collect()
    return 1024 * (resident() - before) / calls


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]):
        self.function, self.calls = function, 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.function(*arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    noted: list[tuple[int, float, int]] = []
    over = threading.Event()
    collect = Counted(tensorstore.experimental_collect_matching_metrics)
    tensorstore.experimental_collect_matching_metrics = collect
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
    checkpoints, memory, files = np.array(noted)[len(noted) // 4 :].T
    found = {
        "checkpoints": options.checkpoints,
        "MiB at first": noted[len(noted) // 4][1],
        "MiB at last": noted[-1][1],
        "open files at first": noted[len(noted) // 4][2],
        "open files at last": noted[-1][2],
        "KiB a checkpoint": 1024 * float(np.polyfit(checkpoints, memory, 1)[0]),
        "open files a checkpoint": float(np.polyfit(checkpoints, files, 1)[0]),
        "calls of TensorStore a checkpoint": collect.calls / options.checkpoints,
        "KiB a call of TensorStore": growth(lambda: collect.function("/tensorstore/kvstore/")),
    }
    print(json.dumps(found, indent=1))
    if options.json:
        write_text(options.json, json.dumps({"versions": versions(), **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
