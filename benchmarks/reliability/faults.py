"""Killed at any moment, does every command leave things whole, and come to the same end when called again?

    python -m benchmarks.reliability.faults [--kills 20] [--commands generate train evaluate merge convert]
        [--resolution 65] [--json FILE]

Each command runs undisturbed. Then it is started again and again in a process that is killed (SIGKILL) at a
random moment between its first instruction and the time that the undisturbed one took; after each kill only
complete files may stand under a final name, and commands that can resume use --resume. At last it runs to its end:
the result must have the bits of the undisturbed one.

Found (`results/faults.json`): of 20 kills each 19, 16, 20, 19 and 12 of `generate`, `train`, `evaluate`, `merge`
and `convert` came before the end, and each command was whole and the same afterwards.
"""

import hashlib
import json
import random
import tempfile
import time
from pathlib import Path

from benchmarks.record import command_line, write
from benchmarks.reliability.command import Command, of_fields, of_file, of_run, remove, share_compiled


def of_numbers(path: Path) -> str:
    """Digest of an evaluation without its times."""

    def timeless(value: object) -> object:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if not k.startswith(("seconds", "milliseconds"))}
        return [timeless(each) for each in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(timeless(json.loads(path.read_text()))).encode()).hexdigest()


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
    """Kill a command again and again, then let it end."""
    if command.compiles:
        command.run()  # fills the cache of programs for the others
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


def main() -> None:
    parser = command_line(__doc__)
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
            write(arguments.json, found)


if __name__ == "__main__":
    main()
