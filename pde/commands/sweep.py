"""`manojax sweep`."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Fixed, Positional, Suppress

from pde.runs.config import TrainingConfig
from pde.sweeps.sweep import sweep


@dataclass(frozen=True)
class Training(TrainingConfig):
    """Training options that all runs share."""

    seed: Suppress[Fixed[int]] = 0  # `--seeds` replaces it


@dataclass(frozen=True)
class Sweep:
    """The flags of `manojax sweep`."""

    data: Positional[Path]
    """Data file to train on."""
    test: Positional[Path]
    """Data file with solutions to test on; its grid must contain the training grid."""
    out: Path
    """Folder to write the runs, sweep.md, sweep.json and sweep.png to."""
    models: tuple[str, ...] = ("mano", "fno")
    """Models to train."""
    widths: tuple[int, ...] = ()
    """Numbers of channels to train each model with; by default the model's own number."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds to train each model and width with."""
    training: Training = field(default_factory=Training)

    def run(self) -> None:
        sweep(
            self.data,
            self.test,
            self.out,
            models=self.models,
            widths=self.widths,
            seeds=self.seeds,
            config=TrainingConfig(**vars(self.training)),
        )
        print((self.out / "sweep.md").read_text(encoding="utf-8"), end="")
