"""A run folder: what it holds, and its description.

run.json        the description below: enough to build the model and to train it again
metrics.jsonl   one line an epoch
checkpoints/    the last and the best state (`pde.runs.checkpoints`)
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import jax.numpy as jnp
from flax import nnx
from tyro.conf import FlagCreatePairsOff

import manojax
from manojax.operators.anchored import FILTER_WIDTH, Anchored
from manojax.operators.base import ModelConfig, Operator
from pde.equations.darcy.coarse_channels import SOLUTIONS, Informed
from pde.grids.grid import Grid
from pde.grids.restriction import Restriction
from pde.preprocessing.normalisation import Normalisation
from pde.system.errors import InputError, suggestion
from pde.system.files import write_text
from pde.system.versions import versions


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained."""

    resolution: int | None = None
    """Points along axis 1 of the training grid, a stride of the file's. There the operator is held and validated.
    By default the finest of --resolutions, or the file's own grid."""
    resolutions: tuple[int, ...] = ()
    """Grids that batches are taken from. Each from one drawn at random; by default the training grid alone."""
    train_samples: int | None = None
    """Use the first N samples of the file; by default all."""
    validation: str = "last-tenth"
    """A file, `none`, or `last-tenth` of the samples. The last tenth is not trained on."""
    epochs: int | None = None
    """Passes over the samples; by default 5000 steps, at most 500 passes."""
    batch_size: int = 10
    """Samples a step."""
    accumulate: int = 1
    """Parts that a batch is seen in, one after the other. Their gradients are averaged: takes the memory of a
    part, and less time on CPUs where a part fits the cache and the batch does not."""
    stream: FlagCreatePairsOff[bool] = False
    """Read samples from the file when a batch needs them. Ahead of it and in the background, none being kept in
    memory: for files that do not fit there."""
    learning_rate: float = 3e-3
    """The highest. A warm-up over a twentieth of the steps leads to it, a cosine from it to zero."""
    weight_decay: float = 1e-4
    """A step takes this times the rate off every parameter."""
    ema: float | None = None
    """Decay a step of a moving average of the parameters. The exponential average over steps is evaluated and kept
    in place of the last parameters; 0.999 averages over about a thousand steps."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of what lies between the layers. Parameters, their gradients, Fourier transforms and long sums are float32
    whichever it is."""
    loss: Literal["relative-l2", "relative-h1"] = "relative-h1"
    """Mean over samples. For relative H1 lengths are measured in the longer side of the domain."""
    seed: int = 0
    """Of the initial parameters and of the order of samples."""
    inputs: tuple[str, ...] = ()
    """Data sets shown to the model; by default the equation's inputs."""
    boundary: Literal["zero", "unknown"] | None = None
    """Of the solution on the border, for a file that does not say."""
    domain: tuple[float, float, float, float] | None = None
    """x0 x1 y0 y1 in the unit of the coordinates, for a file that does not say."""
    symmetries: Literal["auto", "all", "none"] = "auto"
    """Show every batch under a random flip or transpose. One of those that the training grid has. auto: of those
    that 100 or more training samples do not speak against in law; all: right where the equation and its border
    have no preferred direction, as Darcy flow on a square; none."""
    filter_width: float | None = None
    """Of the averages through which inputs are seen, in grid spacings. Standard deviation, in spacings of the
    training grid, at whose points the operator is held on any grid; 0: it runs on each grid's own points. By
    default 0.7, and 0 with --restriction means or --informed."""
    restriction: Restriction = "stride"
    """How the model's grid sees the file's inputs. By their values at its points, or by the arithmetic and the
    harmonic mean of each over the cells around them."""
    informed: Informed = "none"
    """Coarse solutions that the model sees and corrects. Of -div(a grad u) = 1, u = 0 on the border, on its grid:
    strided, two from the coefficient at the grid's points, with arithmetic and with harmonic faces, whose mean is
    corrected; upscaled, one with faces upscaled from the file's coefficient."""

    @property
    def solutions(self) -> int:
        """Coarse solutions among the model's input channels, where they come last."""
        return SOLUTIONS[self.informed]

    @property
    def filter_width_in_force(self) -> float:
        """As given, or by default."""
        if self.filter_width is not None:
            return self.filter_width
        return FILTER_WIDTH if self.restriction == "stride" and self.informed == "none" else 0.0

    @property
    def sees_between(self) -> bool:
        """Whether the model sees more of the inputs than their values at the points of the grid it is run on."""
        return self.restriction == "means" or self.informed == "upscaled"

    @property
    def channels(self) -> int:
        """Input channels of the model."""
        return len(self.inputs) * (2 if self.restriction == "means" else 1) + self.solutions


@dataclass(frozen=True)
class Transfer:
    """Mean relative L2 of a trained model on validation samples on a grid finer than its own."""

    resolution: int
    direct: float
    resample: float


@dataclass(frozen=True)
class Run:
    """Everything about a run but its parameters."""

    model: str
    options: ModelConfig
    training: TrainingConfig
    data: str
    """Name of the training file."""
    digest: str
    """SHA-256 of what training and validation see: the data that a resumed run must be given."""
    samples: int
    """Training samples, held-out ones not counted."""
    validated: bool
    """Whether there is a validation part, hence a best checkpoint."""
    grid: Grid
    normalisation: Normalisation
    parameters: int
    """Real numbers that are trained."""
    symmetries: tuple[str, ...] = ()
    """Generators (`pde.grids.symmetries.GENERATORS`) of those that batches are shown under."""
    doubted: tuple[str, ...] = ()
    """Those of them that errors on the validation samples spoke against, once training had ended."""
    transfer: Transfer | None = None
    """Known once training has ended, if the validation data hold a finer grid."""
    versions: dict[str, str] = field(default_factory=versions)

    def build(self) -> tuple[nnx.GraphDef, dict[str, Any]]:
        """The model's structure and its parameters as drawn from the seed, a plain pytree."""
        operator = create(self.model, self.options, self.training)
        width = self.training.filter_width_in_force
        if not width:
            return split(operator)
        return split(Anchored(operator, self.normalisation.coordinates(self.grid), filter_width=width))

    def way_to(self, grid: Grid) -> Literal["direct", "resample"]:
        """How to predict on a grid: on finer ones as did better there in training's own validation."""
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
                    "training": TrainingConfig(**_tuples(saved["training"])),
                    "normalisation": Normalisation(**_tuples(saved["normalisation"])),
                    "grid": Grid.from_json(saved["grid"]),
                    "transfer": saved["transfer"] and Transfer(**saved["transfer"]),
                    "symmetries": tuple(saved["symmetries"]),
                    "doubted": tuple(saved["doubted"]),
                }
            )
        except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is damaged or of another version ({error}); train again") from error


def options_of(model: str) -> ModelConfig:
    """The default options of a model.

    Raises:
        InputError: no such model.
    """
    if model not in manojax.MODELS:
        known = ", ".join(manojax.MODELS)
        raise InputError(
            f"--model {model}: there is no such model{suggestion(model, manojax.MODELS)} (there are {known})"
        )
    return manojax.MODELS[model].Config()


def title_of(model: str) -> str:
    """How figures name a model: ViT for vit; another name stays as it is."""
    return manojax.MODELS[model].__name__ if model in manojax.MODELS else model


def history(folder: str | Path) -> list[dict[str, Any]]:
    """What a run folder says of each epoch done: `epoch`, `train_loss`, `skipped`, `seconds` and, where there is a
    validation part, its mean errors as `validation`.

    Raises:
        InputError: no such folder, or no run in it.
    """
    Run.open(Path(folder))
    path = Path(folder) / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]  # a killed run may leave half a line


def refuse_changes(wanted: tuple[ModelConfig, TrainingConfig], begun: Run, folder: Path, mend: str) -> None:
    """Raise InputError, naming the flag and the mend, where a run in a folder was begun with other settings."""
    for mine, its in zip(wanted, (begun.options, begun.training), strict=True):
        for name in (each.name for each in dataclasses.fields(mine)):
            if getattr(mine, name) != getattr(its, name):
                raise InputError(
                    f"--{name.replace('_', '-')} {getattr(mine, name)}: {folder} was begun with "
                    f"{getattr(its, name)}; {mend}"
                )


def create(model: str, options: ModelConfig, config: TrainingConfig) -> Operator:
    """An operator for a training, with its initial parameters.

    Raises:
        InputError: an option that does not fit.
    """
    try:
        return manojax.create(
            model,
            in_channels=config.channels,
            dtype=jnp.dtype(config.precision),
            rngs=nnx.Rngs(config.seed),
            **dataclasses.asdict(options),
        )
    except ValueError as error:
        raise InputError(f"--model {model}: {error}") from error


def split(module: nnx.Module) -> tuple[nnx.GraphDef, dict[str, Any]]:
    """A module's structure, and its parameters as a plain pytree."""
    graph, state = nnx.split(module, nnx.Param)
    return graph, nnx.to_pure_dict(state)


def _tuples(saved: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where dataclasses have tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
