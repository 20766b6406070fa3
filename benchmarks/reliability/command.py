"""Calls of manojax that are disturbed, and digests that tell if their results are whole."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np


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


def of_run(folder: Path) -> str:
    """Digest of a run's predictions and losses."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [(line["epoch"], line["train_loss"], line["validation"]) for line in lines]
    predicted = folder.with_suffix(".predicted.h5")
    predicted.unlink(missing_ok=True)
    # In this process, as another would take seconds to start.
    if main_of_manojax(["predict", str(folder), str(folder.parent / "data.h5"), str(predicted)]):
        raise SystemExit(f"{folder} cannot predict")
    return of_fields(predicted) + json.dumps(losses)


def main_of_manojax(arguments: list[str]) -> int:
    """Run a command in this process, without what it prints."""
    from pde.cli import main  # after the cache of programs is set

    with contextlib.redirect_stdout(io.StringIO()):
        return main(arguments)


def remove(out: Path) -> None:
    out.rename(out.with_name(f"{out.name}-{time.time_ns()}"))


def share_compiled(folder: str) -> None:
    """Let processes share compiled programs in place of compiling them again."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", f"{folder}/compiled")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
