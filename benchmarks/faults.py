"""Killed at any moment, does every command leave things whole, and come to the same end when called again?

    python benchmarks/faults.py [--kills 20] [--commands generate train evaluate merge convert]
                                [--resolution 65] [--json FILE]

Each command runs undisturbed. Then it is started again and again in a process that is killed (SIGKILL) at a
random moment between its first instruction and the time that the undisturbed one took; after each kill nothing may
stand under a final name but what is whole, and what resumes goes on with --resume. At last it runs to its end: the
result must have the bits of the undisturbed one.

Found (`results/faults.json`): of 20 kills each 19, 16, 20, 19 and 12 of `generate`, `train`, `evaluate`, `merge`
and `convert` came before the end, and each command was whole and the same afterwards.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from pde.system.files import write_text
from pde.system.versions import versions


@dataclass(frozen=True)
class Command:
    """A call of manojax, whose result stands under one name."""

    arguments: tuple[str, ...]
    out: Path
    digest: Callable[[Path], str]
    """Digest of a whole result."""
    resumes: bool = False
    """True if the command takes --resume where a result is not whole."""
    compiles: bool = False
    """True if it compiles programs that nothing before it has compiled."""

    def start(self) -> subprocess.Popen[bytes]:
        begun = self.out.exists() or self.out.with_name(f".{self.out.name}.partial").is_file()
        resume = ("--resume",) if self.resumes and begun else ()
        command = [Path(sys.executable).with_name("manojax"), *self.arguments, *resume]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self) -> None:
        process = self.start()
        _, error = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(self.arguments)}: {error.decode()}")


def of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def of_fields(path: Path) -> str:
    """Digest of the contents of an HDF5 file."""
    digest = hashlib.sha256()
    with h5py.File(path) as file:
        for name in sorted(file):
            digest.update(np.asarray(file[name]).data)
    return digest.hexdigest()


def of_numbers(path: Path) -> str:
    """Digest of an evaluation but for its times."""

    def timeless(value: object) -> object:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if not k.startswith(("seconds", "milliseconds"))}
        return [timeless(each) for each in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(timeless(json.loads(path.read_text()))).encode()).hexdigest()


def of_run(folder: Path) -> str:
    """Digest of a run's predictions and losses."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [(line["epoch"], line["train_loss"], line["validation"]) for line in lines]
    predicted = folder.with_suffix(".predicted.h5")
    predicted.unlink(missing_ok=True)
    # Here, as another process would take seconds to begin.
    if main_of_manojax(["predict", str(folder), str(folder.parent / "data.h5"), str(predicted)]):
        raise SystemExit(f"{folder} cannot predict")
    return of_fields(predicted) + json.dumps(losses)


def main_of_manojax(arguments: list[str]) -> int:
    from pde.cli import main  # after the cache of programs is set

    with contextlib.redirect_stdout(io.StringIO()):
        return main(arguments)


def commands(folder: Path, resolution: int) -> dict[str, Command]:
    data, other, run = folder / "data.h5", folder / "other.h5", folder / "run"
    law = ("--resolution", str(resolution), "--samples", "60")
    shards = [folder / f"two-shard-{number}-of-2.h5" for number in (1, 2)]
    for number, shard in enumerate(shards, start=1):
        Command(("generate", str(folder / "two.h5"), *law, "--shard", f"{number}/2"), shard, of_file).run()
    Command(("generate", str(data), *law), data, of_file).run()
    small = ("--resolution", "17", "--epochs", "12", "--width", "16", "--depth", "2", "--model", "fno")
    Command(("train", str(data), "--out", str(run), *small), run, of_run).run()
    table, merged, trained = folder / "table.json", folder / "two.h5", folder / "trained"
    return {
        "generate": Command(("generate", str(other), *law), other, of_file, resumes=True),
        "train": Command(("train", str(data), "--out", str(trained), *small), trained, of_run, resumes=True),
        "evaluate": Command(
            ("evaluate", str(run), str(data), "--json", str(table)), table, of_numbers, compiles=True
        ),
        "merge": Command(("merge", str(merged), *map(str, shards)), merged, of_file),
        "convert": Command(("convert", str(data), str(folder / "c.h5")), folder / "c.h5", of_fields),
    }


def torment(command: Command, kills: int, generator: random.Random) -> dict[str, float | bool]:
    """Kill it so often, then let it end."""
    if command.compiles:
        command.run()  # what the others find in the cache
        remove(command.out)
    started = time.perf_counter()
    command.run()
    seconds = time.perf_counter() - started
    expected = command.digest(command.out)
    remove(command.out)
    hit = 0
    for _ in range(kills):
        process = command.start()
        time.sleep(generator.uniform(0, seconds))
        process.kill()
        _, error = process.communicate()
        hit += process.returncode == -9
        if process.returncode not in (0, -9):
            raise SystemExit(f"{' '.join(command.arguments)}: {error.decode()}")
        if process.returncode == 0 or (command.out.is_file() and not command.resumes):
            if command.digest(command.out) != expected:
                raise SystemExit(f"{command.out} is there and not whole")
            remove(command.out)
    command.run()
    return {
        "kills": hit,
        "same": command.digest(command.out) == expected,
        "seconds undisturbed": round(seconds, 1),
    }


def remove(out: Path) -> None:
    out.rename(out.with_name(f"{out.name}-{time.time_ns()}"))


def share_compiled(folder: str) -> None:
    """Processes that compile the same programs again need not."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", f"{folder}/compiled")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--commands", nargs="+", default=["generate", "train", "evaluate", "merge", "convert"])
    parser.add_argument("--resolution", type=int, default=65)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        share_compiled(folder)
        known = commands(Path(folder), arguments.resolution)
        for name in arguments.commands:
            found[name] = torment(known[name], arguments.kills, random.Random(arguments.seed))
            print(name, found[name], flush=True)
            if arguments.json:
                write_text(arguments.json, json.dumps({**found, "versions": versions()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
