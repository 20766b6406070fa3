"""The files of a run folder, and its description.

run.json        the description below: enough to build the model and to train it again
metrics.jsonl   one line an epoch
checkpoints/    the last and the best state (`pde.runs.checkpoints`)
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from manojax.operators.base import ModelConfig
from pde.grids.grid import Grid
from pde.preprocessing.normalisation import Normalisation
from pde.preprocessing.view import View
from pde.runs.build import class_of
from pde.runs.config import TrainingConfig
from pde.runs.description import FILE, Description, Transfer, fields_from_json
from pde.system.errors import InputError

SPREAD = (
    "Every error of a model is that of one training, and another seed, machine or version of JAX changes it: "
    "in six trainings of the demonstration, three of them by version 0.1.0, MANO had a mean relative L2 of "
    "0.0145 to 0.0152 at 31 points a side, 0.0115 to 0.0123 at 61, and 0.0107 to 0.0116 at 121."
)
"""A sentence for every table of errors of trained models: how far apart two trainings are."""


@dataclass(frozen=True, kw_only=True)
class Run(Description):
    """The description of an operator that `pde.train` trains, and all that its training depends on."""

    training: TrainingConfig
    digest: str
    """SHA-256 of everything that training and validation see; a resumed run must be given the same data."""
    samples: int
    """Number of training samples, without those held out."""
    validated: bool
    """True if there are validation samples, and so a best checkpoint."""
    rejected: tuple[str, ...] = ()
    """Generators of symmetries that the errors on the validation samples rejected after training."""
    cores: int | None = None
    """Number of cores that the training began on; None if it is not known."""
    processor: str | None = None
    """Processor or accelerator that the training began on; None if it is not known."""
    data_seconds: float | None = None
    """Seconds that the samples of training and validation took to generate (`pde.data.cost`); None if a file has
    no record of them."""
    training_seconds: float | None = None
    """Seconds of all epochs (`seconds_of`), once training has come to its end; None if they are not known."""

    @property
    def seed(self) -> int:
        """Seed of the initial parameters."""
        return self.training.seed

    def to_json(self) -> dict[str, Any]:
        saved = super().to_json() | {"training": dataclasses.asdict(self.training)}
        return {name: each for name, each in saved.items() if name not in ("view", "precision")}  # in `training`

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Read the description of a run.

        Raises:
            InputError: as for `described`, or the folder was not made by a training of `pde.train`.
        """
        found = described(folder)
        if isinstance(found, cls):
            return found
        raise InputError(
            f"{folder} was saved by Surrogate.save and knows no training; give a run folder of manojax train"
        )


def described(folder: Path) -> Description:
    """Read the description of a trained operator: a `Run` where `pde.train` made the folder.

    Raises:
        InputError: no such folder, no run in it, a description that cannot be read, or a model that cannot be
            imported.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such run folder; check the path")
    path = folder / FILE
    if not path.is_file():
        raise InputError(f"{folder} holds no run (there is no {FILE}); train into a new folder")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        model = str(saved["model"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged or of another version ({error}); train again") from error
    config = class_of(model, str(folder)).Config
    try:
        read = {
            "options": config(**_tuples(saved["options"])),
            "normalisation": _normalisation(saved["normalisation"]),
            "grid": (grid := Grid.from_json(saved["grid"])),
            **fields_from_json(saved, grid),
            "transfer": saved["transfer"] and Transfer(**saved["transfer"]),
            "symmetries": tuple(saved["symmetries"]),
        }
        if "training" not in saved:
            return Description(**saved | read | {"view": View(**_tuples(saved["view"]))})
        training = _training(saved["training"])
        read |= {"training": training, "view": training.view, "precision": training.precision}
        rejected = saved.pop("doubted", ()) or saved.get("rejected", ())  # "doubted" in version 0.1.0
        return Run(**saved | read | {"rejected": tuple(rejected)})
    except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged or of another version ({error}); train again") from error


def history(folder: str | Path) -> list[dict[str, Any]]:
    """Read the history of a run, a line for each epoch: `epoch`, `train_loss`, `skipped_steps` (`skipped` in
    version 0.1.0), `seconds` and, where there are validation samples, their mean errors as `validation`.

    Raises:
        InputError: no such folder, or no run in it.
    """
    described(Path(folder))
    path = Path(folder) / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]  # a killed run may leave half a line


def seconds_of(folder: str | Path) -> float:
    """Sum the seconds of all epochs in all sessions, with the compilation and validation of each.

    Raises:
        InputError: as for `history`.
    """
    return sum(line["seconds"] for line in history(folder))


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
    """Read the saved configuration; version 0.1.0 saved the fields of the view among the others."""
    flat = {each.name for each in dataclasses.fields(View)}
    view = saved.get("view") or {name: value for name, value in saved.items() if name in flat}
    others = {name: value for name, value in saved.items() if name not in flat | {"view"}}
    return TrainingConfig(**_tuples(others), view=View(**_tuples(view)))


def _normalisation(saved: dict[str, Any]) -> Normalisation:
    saved = saved | {"input_range": [tuple(each) for each in saved.get("input_range", ())]}  # not in 0.1.0
    for name in ("output_mean", "output_deviation"):
        if not isinstance(saved[name], list):
            saved[name] = (saved[name],)  # of one output
    return Normalisation(**_tuples(saved))


def _tuples(saved: dict[str, Any]) -> dict[str, Any]:
    """Turn the lists of JSON into the tuples of dataclasses."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
