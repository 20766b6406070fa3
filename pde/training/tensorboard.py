"""The lines of metrics.jsonl as event files that TensorBoard shows."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pde.runs.run import Run, history
from pde.system.errors import InputError
from pde.system.processes import leads
from pde.training.engine.optimisers import warmup_cosine
from pde.training.prepare import steps_an_epoch

_SUFFIX = ".manojax"


class TensorBoard:
    """Writes the history of runs to a folder, each run to a subfolder of its name.

    Scalars are those of metrics.jsonl (`epoch` is one of them) and the learning rate, by the number of steps
    taken. A process first writes the lines that metrics.jsonl already holds, in place of the events that earlier
    processes wrote of the run. So every epoch is there once, even after interruptions.

    Raises:
        InputError: tensorboardX is not installed, or the folder cannot be written to.
    """

    def __init__(self, folder: Path):
        try:
            import tensorboardX  # noqa: F401  an extra
        except ImportError as error:
            raise InputError("--tensorboard needs tensorboardX; pip install 'manojax[tensorboard]'") from error
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise InputError(f"--tensorboard {folder}: {there} is no folder that can be written to; name another")
        self.folder = folder

    @contextmanager
    def watching(self, run_folder: Path) -> Iterator[Callable[[Any], None]]:
        """Give a function to call after each epoch of a run; only the first process writes."""
        files: list[_Events] = []

        def on_epoch(_: Any) -> None:
            if leads() and not files:
                files.append(_Events(self.folder / run_folder.resolve().name, run_folder))
            for file in files:
                file.catch_up()

        try:
            yield on_epoch
            on_epoch(None)  # for a run that had already ended
        finally:
            for file in files:
                file.close()


class _Events:
    """An event file of a run."""

    def __init__(self, folder: Path, run_folder: Path):
        from tensorboardX import SummaryWriter

        self._run_folder, self._written = run_folder, 0
        run = Run.open(run_folder)
        self._steps = steps_an_epoch(run.samples, run.training.batch_size)
        self._rate = warmup_cosine((run.training.epochs or 0) * self._steps, run.training.learning_rate)
        for earlier in folder.glob(f"events.out.tfevents.*{_SUFFIX}"):
            earlier.unlink()
        self._writer = SummaryWriter(str(folder), filename_suffix=_SUFFIX)

    def catch_up(self) -> None:
        """Write the lines of metrics.jsonl that have been added."""
        lines = history(self._run_folder)
        for line in lines[self._written :]:
            step = line["epoch"] * self._steps
            for name, value in {"learning_rate": float(np.asarray(self._rate(step - 1))), **_flat(line)}.items():
                self._writer.add_scalar(name, value, step)
        self._written = len(lines)
        self._writer.flush()

    def close(self) -> None:
        """Write the last epoch before a stop, and close the file."""
        self.catch_up()
        self._writer.close()


def _flat(line: Mapping[str, Any]) -> dict[str, float]:
    """Flatten {"validation": {"relative_l2": ...}} to {"validation/relative_l2": ...}."""
    found = {}
    for name, value in line.items():
        if isinstance(value, Mapping):
            found |= {f"{name}/{key}": float(each) for key, each in value.items()}
        else:
            found[name] = float(value)
    return found
