"""Commands on a full disk: the files they leave, and whether they continue once there is space.

    sudo python -m benchmarks.reliability.full_disk [--json FILE]

On a file system in memory, small enough to be filled (Linux, and root to mount it): `generate` and `train` run
into its end, at several amounts of free space. Each must end with one sentence and exit code 2, with nothing
partial under a final name; after the file system has grown, --resume must come to the bits of a result that had
all the space.

Found (`results/full_disk.json`): true at all seven amounts; training had saved 0, 1, 1 and 2 epochs by then.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pde
from benchmarks.record import command_line, write
from benchmarks.reliability.command import Command, of_file, of_run, share_compiled
from pde.system.errors import InputError

ROOMY = "512m"
GENERATE = {"room": ("300k", "900k", "1500k"), "flags": ("--resolution", "65", "--samples", "60")}
TRAIN = {
    "room": ("100k", "5200k", "6m", "7m"),
    "flags": ("--resolution", "17", "--epochs", "12", "--width", "16", "--depth", "2", "--model", "fno"),
}


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    call("mount", "-t", "tmpfs", "-o", f"size={size}", "manojax", folder)
    try:
        yield folder
    finally:
        call("umount", "--lazy", folder)


def call(*command: Any) -> None:
    subprocess.run([*map(str, command)], check=True)


def fill(command: Command, disk: Path, data: Path, expected: str) -> dict[str, Any]:
    """Run into the end of the disk, then go on with more space."""
    process = command.start()
    _, said = process.communicate()
    sentence = said.decode()
    usable = None
    if command.out.is_dir():
        try:
            usable = pde.load(command.out).epoch
        except InputError:  # not one checkpoint had room
            usable = 0
    call("mount", "-o", f"remount,size={ROOMY}", disk)
    command.run()
    shutil.copy(data, disk)  # a run predicts from it
    return {
        "code": process.returncode,
        "sentences": sentence.count("\n"),
        "said": sentence.strip().replace(str(disk), ""),
        "epoch of the last checkpoint": usable,
        "same": command.digest(command.out) == expected,
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: dict[str, Any] = {"generate": {}, "train": {}}
    with tempfile.TemporaryDirectory() as name:
        share_compiled(name)
        folder = Path(name)
        data, run = folder / "data.h5", folder / "run"
        whole = Command(("generate", str(data), *GENERATE["flags"]), data, of_file)
        trained = Command(("train", str(data), "--out", str(run), *TRAIN["flags"]), run, of_run)
        for each in (whole, trained):
            each.run()
        for room in GENERATE["room"]:
            with mounted(folder / f"generate-{room}", room) as disk:
                out = disk / "made.h5"
                command = Command(("generate", str(out), *GENERATE["flags"]), out, of_file, resumes=True)
                found["generate"][room] = fill(command, disk, data, of_file(data))
        for room in TRAIN["room"]:
            with mounted(folder / f"train-{room}", room) as disk:
                out = disk / "run"
                flags = ("train", str(data), "--out", str(out), *TRAIN["flags"])
                found["train"][room] = fill(Command(flags, out, of_run, resumes=True), disk, data, of_run(run))
    print(json.dumps(found, indent=1))
    write(arguments.json, found)


if __name__ == "__main__":
    main()
