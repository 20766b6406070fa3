"""Test in another process if the HDF5 library survives a file: some damaged files crash or hang it."""

import atexit
import json
import subprocess
import sys
import threading
from pathlib import Path

from pde.system.errors import InputError

READS = """
import json, sys, h5py
for line in sys.stdin:
    try:
        with h5py.File(json.loads(line)) as file:
            dict(file.attrs)
            for data in file.values():
                if isinstance(data, h5py.Dataset) and data.shape:
                    data[:1], data[-1:]
    except Exception:
        pass  # whoever opens it next says so
    print(flush=True)
"""


class Prober:
    """A process that tests one file at a time; it starts when first needed, and again after a file has ended it.

    Args:
        program: its source: for each path that comes in, as JSON, it opens the file and answers with a line.
        seconds: time limit for a file.
    """

    def __init__(self, program: str = READS, seconds: float = 8.0):
        self._program, self._seconds = program, seconds
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def survives(self, path: Path) -> bool:
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                pipe, null = subprocess.PIPE, subprocess.DEVNULL
                command = [sys.executable, "-c", self._program]
                # A session of its own keeps Ctrl-C away from it. It ends when its standard input does.
                process = self._process = subprocess.Popen(
                    command, stdin=pipe, stdout=pipe, stderr=null, text=True, start_new_session=True
                )
            assert process.stdin is not None
            assert process.stdout is not None
            limit = threading.Timer(self._seconds, process.kill)
            limit.start()
            try:
                process.stdin.write(json.dumps(str(path)) + "\n")
                process.stdin.flush()
                survived = bool(process.stdout.readline())
            except BrokenPipeError:
                survived = False
            finally:
                limit.cancel()
            if not survived:
                process.kill()
                process.communicate()
            return survived

    def close(self) -> None:
        """End the process, even if a file holds it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


_prober = Prober()
atexit.register(_prober.close)


def check(path: Path, prober: Prober = _prober) -> None:
    """Raise InputError for a file that the library does not survive."""
    if not prober.survives(path):
        raise InputError(
            f"{path}: the HDF5 library crashes on this file or does not return from it; copy or make it again"
        )
