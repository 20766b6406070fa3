"""How long commands and imports take to start, beside the libraries they stand on.

    python -m benchmarks.speed.start_up [--rounds 5] [--json FILE]

All run in processes of their own, in turn. Two trainings of one step are among them, of MANO at 31 x 31 points:
one with an empty cache of compiled programs, and one that finds the programs of the first
(`pde.system.programs`). Stated are seconds on the clock and of the processor, medians over the rounds, after one
round to warm the disk up; "first step" has the seconds of the epoch, which begin after imports and preparation and
end when the step's loss is known.

Found (`results/start_up.json`, 2 cores of an AMD EPYC): `manojax --help` takes 0.36 times as long as `import jax`.
The first step of a second training takes 0.32 times as long as that of the first, the whole command 0.40 times.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.record import command_line, manojax, write
from pde.runs.run import seconds_of

FLAGS = "--model mano --epochs 1 --train-samples 10 --validation none --symmetries none"
STATEMENTS = ("import jax", "from flax import nnx", "import manojax", "import pde")
FIRST, SECOND = "train, one step, first", "train, one step, again"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), arguments.rounds)
    for name, row in found.items():
        print(f"{name:24}", *(f"{each} {value:.2f}" for each, value in row.items()))
    help_, again = found["manojax --help"]["seconds"], found[SECOND]["seconds"]
    print(f"help over import jax {help_ / found['import jax']['seconds']:.2f}")
    print(f"a training again over the first {again / found[FIRST]['seconds']:.2f}")
    step = found["first step again"]["seconds"] / found["first step"]["seconds"]
    print(f"its first step over that of the first {step:.2f}")
    write(arguments.json, {"rounds": arguments.rounds, "start-up": found})


def measured(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    data = folder / "data.h5"
    cache = folder / "cache"
    generate = manojax("generate", data, *["--resolution", "31", "--samples", "10"])
    subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    train = manojax("train", data, "--out", folder / "run", *FLAGS.split())
    calls = {each: [sys.executable, "-c", each] for each in STATEMENTS}
    calls |= {"manojax --help": manojax("--help"), FIRST: train, SECOND: train}
    times = defaultdict(list)
    for turn in range(rounds + 1):
        shutil.rmtree(cache, ignore_errors=True)
        for name, call in calls.items():
            shutil.rmtree(folder / "run", ignore_errors=True)
            taken = {name: seconds(call, cache)}
            if call is train:
                taken["first step" + " again" * (name is SECOND)] = {"seconds": seconds_of(folder / "run")}
            for each, row in taken.items():
                times[each] += [row] if turn else []
    return {
        name: {each: statistics.median(row[each] for row in rows) for each in rows[0]}
        for name, rows in times.items()
    }


def seconds(call: list[str], cache: Path) -> dict[str, float]:
    """Return the seconds of a process on the clock and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(call, check=True, capture_output=True, env=os.environ | {"XDG_CACHE_HOME": str(cache)})
    taken, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": taken, "processor seconds": cpu}


if __name__ == "__main__":
    main()
