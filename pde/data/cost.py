"""The time that a data file took, in a record beside it: train.h5.cost.json beside train.h5.

The data file itself holds no time, so that its bytes depend on its samples alone. The record holds the number of
`samples` and, for each session in which some were made, its `seconds`, `cores` and `processor`. It can be written
by hand for data from elsewhere, and is moved and copied with its file.
"""

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pde.system.errors import InputError
from pde.system.files import write_text
from pde.system.machine import cores, processor


@dataclass(frozen=True)
class Session:
    """The time of one process that made samples, and the machine it ran on."""

    seconds: float
    cores: int
    processor: str

    @classmethod
    def since(cls, started: float) -> "Session":
        """The session of this process since a reading of `time.perf_counter`."""
        return cls(round(time.perf_counter() - started, 3), cores(), processor())


@dataclass(frozen=True)
class Cost:
    """The cost of a number of samples. The costs of two parts of a data set add up to that of the whole."""

    samples: int = 0
    sessions: tuple[Session, ...] = ()

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.samples + other.samples, self.sessions + other.sessions)

    def seconds(self, samples: int) -> float:
        """Return the seconds that a number of these samples took, if each took the same time."""
        return sum(session.seconds for session in self.sessions) * samples / self.samples

    def save(self, data: Path) -> None:
        """Write the record beside a data file, whole or not at all."""
        write_text(record_of(data), json.dumps(dataclasses.asdict(self), indent=1) + "\n")


def record_of(data: Path) -> Path:
    """Return the path of the record that belongs to a data file."""
    return data.with_name(f"{data.name}.cost.json")


def cost_of(data: Path) -> Cost | None:
    """Read the record beside a data file; None if there is none.

    Raises:
        InputError: a record that cannot be read.
    """
    path = record_of(data)
    if not path.exists():
        return None
    try:
        saved: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        sessions = [
            Session(float(each["seconds"]), int(each["cores"]), str(each["processor"]))
            for each in saved["sessions"]
        ]
        return Cost(int(saved["samples"]), tuple(sessions))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}); mend or remove it") from error
