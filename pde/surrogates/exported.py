"""Exported models read back: a compiled program and its description, without the model."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import Array, export
from jaxtyping import Float, Shaped

from manojax.layers.coordinates import AnyArray
from pde.grids.grid import Grid
from pde.preprocessing.batches import in_batches
from pde.surrogates.arguments import as_numbers, as_samples, check_points
from pde.system.errors import InputError

FORMAT = 1
PROGRAM, WEIGHTS, CONFIG, CARD = "model.stablehlo", "weights.safetensors", "config.json", "README.md"


@dataclass(frozen=True)
class Exported:
    """A function from physical fields on one grid to the solution on it.

        exported = pde.load_exported("folder")
        u = exported(a)  # (height, width), or (sample, height, width)

    NumPy arrays give NumPy arrays; JAX arrays give JAX arrays, also under jit and, unless there are coarse solves
    inside, grad.
    """

    config: Mapping[str, Any]
    """Contents of `config.json`."""
    grid: Grid
    """Grid on which fields are given and solutions found."""
    program: Callable[[Any], Any]
    """Function from (sample, *grid, channel) float32 to (sample, *grid, output)."""

    def __call__(self, fields: Shaped[AnyArray, "*shape"] | list[Any]) -> Float[AnyArray, "*_"]:
        """Return the outputs on the grid of the fields, in the shape in which a `Surrogate` returns them.

        Args:
            fields: fields on `grid`, in a shape that `Surrogate` takes.

        Raises:
            InputError: fields of another shape or grid, or NumPy arrays with values that the model cannot take.
            ArithmeticError: the program put out NaN.
        """
        outputs = len(self.config.get("outputs", ("solution",)))  # not in 0.1.0
        samples, shape = as_samples(as_numbers(fields), self.config["inputs"], len(self.grid.axes), outputs)
        check_points(samples, self.grid)
        if isinstance(samples, Array):
            return self.program(samples).reshape(shape)
        if self.config["positive"] and not (samples > 0).all():
            raise InputError("the exported model needs fields that are positive everywhere; mend them")
        predicted: Any = in_batches(self.program, np.asarray(samples, np.float32), self.grid)
        if np.isnan(predicted).any():
            raise ArithmeticError("the exported model put out NaN; give it inputs like those it was trained on")
        return predicted.reshape(shape)


def load_exported(folder: str | Path) -> Exported:
    """Read a folder that `manojax export` wrote. Its program is the only code in it that is run, on the devices of
    JAX.

    Raises:
        InputError: no such folder, a file missing, damaged or of another version.
    """
    config, grid = _read_config(Path(folder))
    path = Path(folder) / PROGRAM
    content = _read_whole(path, config["files"][PROGRAM])
    try:
        program = export.deserialize(bytearray(content)).call
    except Exception as error:  # errors of many kinds, if a version of JAX too far from this one wrote the file
        raise InputError(
            f"{path} cannot be read by JAX {jax.__version__} ({type(error).__name__}); export the run again"
        ) from error
    return Exported(config, grid, jax.jit(program))


def digest(content: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(content).hexdigest()


def _read_config(folder: Path) -> tuple[dict[str, Any], Grid]:
    path = folder / CONFIG
    if not path.is_file():
        hint = "; leave --exported out" if (folder / "run.json").is_file() else ""
        raise InputError(f"{folder} is nothing that manojax export wrote (there is no {CONFIG}){hint}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if config["format"] != FORMAT:
            raise InputError(f"format {config['format']} where {FORMAT} is read")
        grid = Grid.from_json(config["grid"])
        missing = {"model", "inputs", "positive", "mode", "symmetries", "epoch", "files", "run"} - config.keys()
        if missing or PROGRAM not in config["files"]:
            raise InputError(f"no {', '.join(sorted(missing or {PROGRAM}))}")
    except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged or of another version ({error}); export the run again") from error
    return config, grid


def _read_whole(path: Path, expected: str) -> bytes:
    """Read a file that is as it was written: the reader of programs may crash on a damaged one."""
    content = path.read_bytes() if path.is_file() else b""
    if digest(content) != expected:
        raise InputError(f"{path} is missing or damaged; export the run again")
    return content
