"""The description of a trained operator: all that prediction needs except the parameters."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from flax import nnx

import manojax
from manojax.operators.anchored import Anchored
from manojax.operators.base import ModelConfig, Operator
from pde.equations.darcy.learned import LearnedEquation
from pde.grids.grid import Grid
from pde.grids.kinds import ALL_SCALARS, Channels, Kinds
from pde.grids.outputs import Output, WithOutputs, outputs_of, said_of
from pde.preprocessing.normalisation import Normalisation
from pde.preprocessing.view import View
from pde.runs.build import create, size_of, split
from pde.system.errors import InputError
from pde.system.files import write_text
from pde.system.versions import versions

FILE = "run.json"


@dataclass(frozen=True)
class Transfer:
    """Mean relative L2 of a trained model on validation samples on a grid finer than its own."""

    resolution: int
    direct: float
    resample: float


@dataclass(frozen=True, kw_only=True)
class Description(WithOutputs):
    """A model with its options, its view of a data file, and its grid."""

    model: str
    """Name of the model (`manojax.find`)."""
    options: ModelConfig
    view: View
    """The fields that the model sees, and how it sees them."""
    precision: str
    """Type of the activations."""
    grid: Grid
    """Grid that the model was trained on."""
    normalisation: Normalisation
    parameters: int
    """Number of real numbers that are trained."""
    outputs: tuple[Output, ...]
    """The fields that the model makes, with their borders."""
    kinds: Kinds = ALL_SCALARS
    """Vectors and pseudoscalars among inputs and outputs."""
    data: str = "unnamed data"
    """Name of the training data."""
    equation: str = ""
    """Equation of the training data, as their file names it; empty if unnamed."""
    symmetries: tuple[str, ...] = ()
    """Generators (`pde.grids.symmetries.GENERATORS`) of the symmetries that batches are shown under."""
    transfer: Transfer | None = None
    """Errors on a finer grid, measured after training if the validation data hold one."""
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def seed(self) -> int:
        """Seed of the initial parameters."""
        return 0

    @property
    def channels(self) -> tuple[Channels, Channels]:
        """The kinds of the model's input channels, and of its output channels."""
        return self.kinds.channels(self.view.channel_names), self.kinds.channels(self.output_names)

    @property
    def seal(self) -> str:
        """SHA-256 of everything that the parameters depend on; checkpoints store it."""
        saved = self.to_json()
        bound = {name: saved[name] for name in ("model", "options", "grid", "normalisation")}
        view = dataclasses.asdict(self.view)
        if not self.view.scaling:
            del view["scaling"]  # runs from before there was one keep their seal
        bound |= {"view": view, "precision": self.precision}
        if "outputs" in saved:
            bound["outputs"] = self.output_names
        return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()

    def build(self) -> tuple[nnx.GraphDef, dict[str, Any]]:
        """Return the model's structure, and its parameters drawn from the seed as a plain pytree."""
        sizes = len(self.grid.axes), len(self.outputs), self.grid.rings
        operator = create(self.model, self.options, self.view, self.precision, self.seed, *sizes)
        width = self.view.filter_width_in_force
        if not width:
            return split(operator)
        anchors, periods = self.normalisation.coordinates(self.grid), self.normalisation.periods(self.grid)
        return split(Anchored(operator, anchors, filter_width=width, periods=periods))

    def mode_for(self, grid: Grid) -> Literal["direct", "resample"]:
        """Return the mode of predicting on a grid; on finer grids, the better one on the validation samples.

        A learned equation is solved on the training grid: on the grid of the fields it would be the fine solve.
        """
        if grid.matches(self.grid):
            return "direct"
        if self.view.learns_equation:
            return "resample"
        finer, known = grid.spacing < self.grid.spacing, self.transfer
        return "direct" if finer and known is not None and known.direct < known.resample else "resample"

    def save(self, folder: Path) -> None:
        write_text(folder / FILE, json.dumps(self.to_json(), indent=1) + "\n")

    def to_json(self) -> dict[str, Any]:
        saved = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        del saved["outputs"], saved["kinds"]
        nested = ("options", "view", *(["transfer"] if self.transfer else []))
        saved |= {name: dataclasses.asdict(saved[name]) for name in nested}
        return saved | self._fields_to_json()

    def _fields_to_json(self) -> dict[str, Any]:
        """Describe grid, outputs and kinds; one output `solution` on any border stands with the grid, as before
        there were others."""
        grid, normalisation = self.grid.to_json(), dataclasses.asdict(self.normalisation)
        if self.outputs == _solution(self.outputs[0].borders[0], self.grid) and self.kinds == ALL_SCALARS:
            grid["boundary"] = self.outputs[0].borders[0]
            for name in ("output_mean", "output_deviation"):
                (normalisation[name],) = normalisation[name]
            return {"grid": grid, "normalisation": normalisation}
        fields = {
            "names": self.output_names,
            "boundary": said_of(self.outputs),
            "vectors": self.kinds.vectors,
            "pseudoscalars": self.kinds.pseudoscalars,
        }
        return {"grid": grid, "normalisation": normalisation, "outputs": fields}


def fields_from_json(saved: dict[str, Any], grid: Grid) -> dict[str, Any]:
    """Read outputs and kinds, as `Description` takes them, from its JSON."""
    if "outputs" not in saved:
        return {"outputs": _solution(saved["grid"]["boundary"], grid)}
    fields = saved["outputs"]
    return {
        "outputs": outputs_of(tuple(fields["names"]), fields["boundary"], len(grid.axes), grid.rings),
        "kinds": Kinds(tuple(map(tuple, fields["vectors"])), tuple(fields["pseudoscalars"])),
    }


def _solution(border: Any, grid: Grid) -> tuple[Output, ...]:
    return outputs_of(("solution",), border, len(grid.axes), grid.rings)


def describe(
    model: nnx.Module,
    grid: Grid,
    normalisation: Normalisation,
    view: View,
    symmetries: tuple[str, ...],
    data: str,
    outputs: tuple[Output, ...],
    kinds: Kinds,
) -> Description:
    """Describe a model trained by a loop of your own.

    Raises:
        InputError: the model does not record its configuration, its anchors or its periodic axes are not those of
            the grid, or it makes another number of fields.
    """
    operator = model.operator if isinstance(model, Anchored | LearnedEquation) else model
    if not isinstance(operator, Operator) or not hasattr(operator, "config"):
        raise InputError(
            f"{type(operator).__name__} is no operator; give a model of manojax.create, or a subclass of "
            "manojax.Operator that does not replace its __init__"
        )
    if operator.periodic != grid.rings:
        raise InputError(
            f"the model has periodic={operator.periodic}, and the grid's axes are periodic={grid.rings}; make one "
            "like the other"
        )
    if not isinstance(model, LearnedEquation) and operator.out_channels != len(outputs):
        names = ", ".join(output.name for output in outputs)
        raise InputError(f"the model makes {operator.out_channels} fields, and the outputs are {names}; name each")
    filter_width = 0.0
    if isinstance(model, Anchored):
        filter_width, points = model.filter_width, normalisation.coordinates(grid)
        anchors = [np.asarray(axis, np.float32) for axis in model.anchors]
        if not all(map(np.array_equal, anchors, points)):
            raise InputError(
                "the anchors of the model are not the points of the grid; make them by "
                "normalisation.coordinates(grid)"
            )
    return Description(
        model=manojax.name_of(type(operator)),
        options=operator.config,
        view=dataclasses.replace(view, filter_width=filter_width),
        precision=operator.dtype.name,
        grid=grid,
        normalisation=normalisation,
        parameters=size_of(split(model)[1]),
        data=data,
        symmetries=symmetries,
        outputs=outputs,
        kinds=kinds,
    )
