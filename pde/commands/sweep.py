"""`manojax sweep`."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Fixed, Positional, Suppress

from pde.runs.config import TrainingConfig
from pde.sweeps.sweep import sweep


@dataclass(frozen=True)
class Training(TrainingConfig):
    """Training options that all runs share."""

    seed: Suppress[Fixed[int]] = 0  # --seeds says


@dataclass(frozen=True)
class Sweep:
    """Train models x widths x seeds into one table. A second call goes on; --help-verbose has all flags."""

    data: Positional[Path]
    """Data file to train on."""
    test: Positional[Path]
    """Data file with solutions, whose grid holds the training grid."""
    out: Path
    """Folder of the runs and of sweep.md, sweep.json and sweep.png."""
    models: tuple[str, ...] = ("mano", "fno")
    """Names of the models."""
    widths: tuple[int, ...] = ()
    """Channels of the feature maps; by default each model's own."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds; each model and width is trained with each of them."""
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
