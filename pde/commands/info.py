"""`manojax info`."""

import json
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde.reports.info import describe, facts


@dataclass(frozen=True)
class Info:
    """The flags of `manojax info`."""

    path: Positional[Path]
    """Data file or folder of a training run."""
    json: FlagCreatePairsOff[bool] = False
    """Print all that is known as one JSON object, for scripts."""

    def run(self) -> None:
        print(json.dumps(facts(self.path), indent=1, default=str) if self.json else describe(self.path))
