"""A run folder: what it holds, and its description.

run.json        the description below: enough to build the model and to train it again
metrics.jsonl   one line an epoch
checkpoints/    the last and the best state (`pde.runs.checkpoints`)
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from flax import nnx

import manojax
from manojax.operators.anchored import Anchored
from manojax.operators.base import ModelConfig
from pde.grids.grid import Grid
from pde.preprocessing.normalisation import Normalisation
from pde.preprocessing.view import View
from pde.runs.build import create, split
from pde.runs.config import TrainingConfig
from pde.system.errors import InputError
from pde.system.files import write_text
from pde.system.versions import versions

SPREAD = (
    "Every error of a model is that of one training, and another seed or another machine changes it: in the "
    "demonstration MANO had a mean relative L2 of 0.0149 / 0.0118 / 0.0110 at 31, 61 and 121 points a side on one "
    "machine, and of 0.0152 / 0.0123 / 0.0116 on another."
)
"""A sentence for every table of errors of trained models: how far apart two trainings are."""


@dataclass(frozen=True)
class Transfer:
    """Mean relative L2 of a trained model on validation samples on a grid finer than its own."""

    resolution: int
    direct: float
    resample: float


@dataclass(frozen=True)
class Run:
    """The description of a run: everything but its parameters."""

    model: str
    options: ModelConfig
    training: TrainingConfig
    data: str
    """Name of the training file."""
    digest: str
    """SHA-256 of what training and validation see: the data that a resumed run must be given."""
    samples: int
    """Number of training samples, without those held out."""
    validated: bool
    """True if there are validation samples, and so a best checkpoint."""
    grid: Grid
    normalisation: Normalisation
    parameters: int
    """Number of real numbers that are trained."""
    symmetries: tuple[str, ...] = ()
    """Generators (`pde.grids.symmetries.GENERATORS`) of the symmetries that batches are shown under."""
    doubted: tuple[str, ...] = ()
    """Generators that the errors on the validation samples rejected after training."""
    transfer: Transfer | None = None
    """Errors on a finer grid, measured after training if the validation data hold one."""
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def view(self) -> View:
        """The fields that the model sees, and how it sees them."""
        return self.training.view

    def build(self) -> tuple[nnx.GraphDef, dict[str, Any]]:
        """The model's structure and its parameters as drawn from the seed, a plain pytree."""
        operator = create(self.model, self.options, self.training)
        width = self.view.filter_width_in_force
        if not width:
            return split(operator)
        return split(Anchored(operator, self.normalisation.coordinates(self.grid), filter_width=width))

    def mode_for(self, grid: Grid) -> Literal["direct", "resample"]:
        """Return the mode of predicting on a grid: on finer ones the better one in training's own validation."""
        if grid.matches(self.grid):
            return "direct"
        finer, known = grid.spacing < self.grid.spacing, self.transfer
        return "direct" if finer and known is not None and known.direct < known.resample else "resample"

    def save(self, folder: Path) -> None:
        write_text(folder / "run.json", json.dumps(self.to_json(), indent=1) + "\n")

    def to_json(self) -> dict[str, Any]:
        saved = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        nested = ("options", "training", "normalisation", *(["transfer"] if self.transfer else []))
        saved |= {name: dataclasses.asdict(saved[name]) for name in nested}
        return saved | {"grid": self.grid.to_json()}

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Read the description of a run.

        Raises:
            InputError: no such folder, no run in it, or a description that cannot be read.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no such run folder; check the path")
        path = folder / "run.json"
        if not path.is_file():
            raise InputError(f"{folder} holds no run (there is no run.json); train into a new folder")
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            config = manojax.MODELS[saved["model"]].Config
            return cls(
                **saved
                | {
                    "options": config(**_tuples(saved["options"])),
                    "training": _training(saved["training"]),
                    "normalisation": Normalisation(**_tuples(saved["normalisation"])),
                    "grid": Grid.from_json(saved["grid"]),
                    "transfer": saved["transfer"] and Transfer(**saved["transfer"]),
                    "symmetries": tuple(saved["symmetries"]),
                    "doubted": tuple(saved["doubted"]),
                }
            )
        except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is damaged or of another version ({error}); train again") from error


def history(folder: str | Path) -> list[dict[str, Any]]:
    """Read the history of a run, a line for each epoch: `epoch`, `train_loss`, `skipped`, `seconds` and, where
    there are validation samples, their mean errors as `validation`.

    Raises:
        InputError: no such folder, or no run in it.
    """
    Run.open(Path(folder))
    path = Path(folder) / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]  # a killed run may leave half a line


def best_epoch(epochs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the line of a validated run's history with the least relative L2; NaN counts as infinite."""
    return min(epochs, key=lambda line: np.nan_to_num(line["validation"]["relative_l2"], nan=np.inf))


def refuse_changes(wanted: tuple[ModelConfig, TrainingConfig], begun: Run, folder: Path, mend: str) -> None:
    """Raise InputError, naming the flag and the mend, where a run in a folder was begun with other settings."""
    (options, training), (its_options, its_training) = wanted, (begun.options, begun.training)
    pairs = (options, its_options), (training, its_training), (training.view, its_training.view)
    for mine, its in pairs:
        for name in (each.name for each in dataclasses.fields(mine) if each.name != "view"):
            if getattr(mine, name) != getattr(its, name):
                raise InputError(
                    f"--{name.replace('_', '-')} {getattr(mine, name)}: {folder} was begun with "
                    f"{getattr(its, name)}; {mend}"
                )


def _training(saved: dict[str, Any]) -> TrainingConfig:
    """The configuration as saved; version 0.1.0 saved the fields of the view among the others."""
    flat = {each.name for each in dataclasses.fields(View)}
    view = saved.get("view") or {name: value for name, value in saved.items() if name in flat}
    others = {name: value for name, value in saved.items() if name not in flat | {"view"}}
    return TrainingConfig(**_tuples(others), view=View(**_tuples(view)))


def _tuples(saved: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where dataclasses have tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
