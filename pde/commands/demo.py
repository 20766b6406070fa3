"""`manojax demo`."""

from dataclasses import dataclass
from pathlib import Path

from pde.commands.demonstration import run_demo


@dataclass(frozen=True)
class Demo:
    """Generate data, train MANO and FNO, evaluate both on finer grids, write a report. Takes minutes."""

    out: Path = Path("demo")
    """Folder to create."""
    seed: int = 0
    """Of data and training."""

    def run(self) -> None:
        run_demo(self.out, self.seed)
