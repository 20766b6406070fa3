"""Damaged files of every format that is read: a result, or one sentence?

    python -m benchmarks.reliability.fuzz [--files 300] [--formats hdf5 mat ...] [--seed 0] [--seconds 10]
        [--json FILE]

Each file is a good one with some bytes changed, removed, repeated or cut off at the end. A worker process opens
it, converts it and evaluates a model on it, or evaluates a run of which it is a part, as the command line does.
Each call must end within `--seconds` with exit code 0, or with 1 or 2 and one sentence, without a traceback and
with less than 2 GiB of memory. Crashes and hangs of the HDF5 library are counted apart. `pt` files that would run
a command when unpickled are among them: none may run. (Code 1 is a solve that fails.)

Found (`results/fuzz.json`, and `results/fuzz_fields.json` for files with several outputs and with a periodic axis,
600 calls more that all ended in a result or one sentence): of 8100 calls with 2700 files each ended in a result or
one sentence; 4 of them in the sentence that the HDF5 library crashed or hung. Before that library was tried in
another process first (`pde.data.readers.probe`) a file hung it for good, and errors of its own got through; so did
damaged JSON of Orbax's metrics, which are no longer kept there.
"""

import argparse
import contextlib
import dataclasses
import io
import json
import os
import pickle
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from benchmarks.record import ROOT, again, command_line, write

GIBIBYTES = 2
HDF5 = "one sentence, of the HDF5 library having crashed or hung"


OWN = {"hdf5": "data.h5", "hdf5-fields": "fluxes.h5", "hdf5-ring": "ring.h5"}
"""Files that are generated: with one output, with several, and with a periodic axis."""
FIXTURES = ROOT / "tests" / "fixtures"
FOREIGN = {
    "mat": "li_5.mat",
    "mat-compressed": "li_5_compressed.mat",
    "mat-7.3": "li_7_3.mat",
    "pdebench": "pdebench.hdf5",
    "npz": "arrays.npz",
    "pt": "neuraloperator.pt",
}


def originals(folder: Path) -> dict[str, Path]:
    """A good file of each format, our own the first, also with several outputs and a periodic axis; and a run."""
    from manojax import FNOConfig
    from pde.data.generate import generate
    from pde.equations.darcy.fluxes import DarcyFluxes
    from pde.equations.darcy.problem import Darcy
    from pde.runs.run import TrainingConfig
    from pde.training.train import train

    own = {kind: folder / name for kind, name in OWN.items()}
    generate(Darcy(resolution=9), own["hdf5"], samples=6, seed=0)
    generate(DarcyFluxes(resolution=9), own["hdf5-fields"], samples=6, seed=0)
    shutil.copy(own["hdf5-fields"], own["hdf5-ring"])
    with h5py.File(own["hdf5-ring"], "r+") as file:
        del file["x"]
        file["x"] = np.arange(9) / 9
        file.attrs.update(periodic=["x"], boundary="unknown")
    options = FNOConfig(width=4, depth=1, modes=(2, 2))
    for kind in OWN:
        train(own[kind], folder / _run_of(kind), model="fno", options=options, config=TrainingConfig(epochs=2))
    return own | {kind: FIXTURES / name for kind, name in FOREIGN.items()}


def _run_of(kind: str) -> str:
    """Return the folder of the run that was trained on our own file of this kind, or on the first of them."""
    return f"run-{kind}" if kind in OWN and kind != "hdf5" else "run"


def mutated(content: bytes, draw: random.Random) -> bytes:
    """One to three changes; early bytes, where formats say what follows, are hit as often as all others."""
    found = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        size = max(1, len(found))
        at = draw.randrange(min(size, 600) if draw.random() < 0.5 else size)
        length = draw.choice([1, 1, 2, 4, 8, 64, 512])
        change = draw.choice(["flip", "noise", "zero", "ones", "remove", "repeat", "cut"])
        if change == "flip":
            found[at : at + 1] = bytes([found[at] ^ 1 << draw.randrange(8)]) if found else b""
        elif change == "cut":
            del found[at:]
        elif change == "remove":
            del found[at : at + length]
        elif change == "repeat":
            found[at:at] = found[at : at + length]
        else:
            fill = {"noise": draw.randbytes(length), "zero": bytes(length), "ones": b"\xff" * length}[change]
            found[at : at + length] = fill
    return bytes(found)


class _Payload:
    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self) -> tuple[Callable, tuple]:
        return os.system, (f"touch {self.marker}",)


def write_payload(path: Path, good: Path, marker: Path) -> None:
    """A good `pt` whose pickle runs a command."""
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            bad = pickle.dumps(_Payload(marker), protocol=2)
            target.writestr(name, bad if name.endswith("data.pkl") else source.read(name))


def cases(kind: str, files: dict[str, Path], folder: Path, number: int, draw: random.Random) -> list[list[str]]:
    """Write the damaged file of this number; return the calls to make on it."""
    run, data = files["hdf5"].with_name(_run_of(kind)), files["hdf5"]
    if kind in files:
        good = files[kind]
        bad = folder / f"{kind}-{number}{good.suffix}"
        if kind == "pt" and number % 10 == 0:
            write_payload(bad, good, folder / "executed")
        else:
            bad.write_bytes(mutated(good.read_bytes(), draw))
        return [["info", str(bad)], ["convert", str(bad), f"{bad}.out.h5"], ["evaluate", str(run), str(bad)]]
    copy = folder / f"{kind}-{number}"
    shutil.copytree(run, copy)
    if kind == "run":
        bad = copy / "run.json"
    else:
        saved = sorted(path for path in (copy / "checkpoints").rglob("*") if path.is_file())
        bad = draw.choice([*saved, copy / "manifest.json"])
    bad.write_bytes(mutated(bad.read_bytes(), draw))
    return [
        ["info", str(copy)],
        ["evaluate", str(copy), str(data)],
        ["train", str(data), "--out", str(copy), "--resume"],
    ]


def work() -> None:
    """Read calls as JSON lines on standard input; write how each ended as JSON lines on standard output."""
    from pde.cli import main

    for line in sys.stdin:
        said, code = io.StringIO(), None
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            try:
                code = main(json.loads(line))
            except BaseException as error:
                said.write(f"Traceback {type(error).__name__}: {error}")
        high = next(each for each in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in each)
        print(
            json.dumps({"code": code, "said": said.getvalue(), "gibibytes": int(high.split()[1]) / 2**20}),
            flush=True,
        )


class Worker:
    """A process that makes calls, restarted when it has crashed or hangs."""

    def __init__(self, good: list[str], seconds: float):
        self._good, self._seconds = good, seconds
        self._begin()

    def _begin(self) -> None:
        command = [*again(sys.executable, "-X", "faulthandler"), "--worker"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process, self._answers), daemon=True).start()
        ended = self._call(self._good, seconds=120)  # compiles
        if ended != "a result":
            raise SystemExit(f"the good file: {ended}")

    @staticmethod
    def _listen(process: subprocess.Popen[str], answers: "queue.Queue[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(line)
        answers.put("")

    def call(self, arguments: list[str]) -> str:
        """Say how a call ended."""
        return self._call(arguments, self._seconds)

    def _call(self, arguments: list[str], seconds: float) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(arguments) + "\n")
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.end()
            self._begin()
            return f"hung for {seconds} s"
        if not line:
            code = self._process.wait()
            self._begin()
            return f"crashed with {code}"
        return _verdict(**json.loads(line))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def _verdict(code: int | None, said: str, gibibytes: float) -> str:
    sentences = [line for line in said.splitlines() if line.startswith("manojax: error: ")]
    if "Traceback" in said or code is None:
        return f"traceback: {said[-300:]}"
    if gibibytes > GIBIBYTES:
        return f"{gibibytes:.1f} GiB"
    if code == 0:
        return "a result"
    if code in (1, 2) and len(sentences) == 1:
        return HDF5 if "the HDF5 library crashes" in sentences[0] else "one sentence"
    return f"code {code}: {said[-300:]}"


@dataclasses.dataclass
class Tally:
    files: int
    ends: Counter[str]
    bad: list[str]


def fuzz(kind: str, files: dict[str, Path], folder: Path, count: int, seed: int, seconds: float) -> Tally:
    draw, tally = random.Random(f"{seed} {kind}"), Tally(count, Counter(), [])
    good = files.get(kind, files["hdf5"])
    worker = Worker(["evaluate", str(files["hdf5"].with_name("run")), str(good)], seconds)
    for number in range(count):
        for arguments in cases(kind, files, folder, number, draw):
            end = worker.call(arguments)
            tally.ends[end.split(":")[0]] += 1
            if end not in ("a result", "one sentence", HDF5):
                tally.bad.append(f"{' '.join(arguments)}: {end}")
                print(kind, tally.bad[-1], flush=True)
    worker.end()
    return tally


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--files", type=int, default=300)
    known = (*OWN, *FOREIGN, "run", "checkpoint")
    parser.add_argument("--formats", nargs="+", choices=known, default=list(known))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work()
        return
    found = {}
    if options.json and options.json.exists():  # of other formats, from another call
        found = json.loads(options.json.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = originals(folder)
        for kind in options.formats:
            tally = fuzz(kind, files, folder, options.files, options.seed, options.seconds)
            found[kind] = {"files": tally.files, "ends": dict(tally.ends), "bad": tally.bad}
            print(kind, dict(tally.ends), flush=True)
            write(options.json, found)
        if (folder / "executed").exists():
            raise SystemExit("a command inside a file was run")
    if any(found[kind]["bad"] for kind in options.formats):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
