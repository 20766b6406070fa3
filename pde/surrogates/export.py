"""A trained operator as files that need neither this package nor Flax to be run.

model.stablehlo       one program for CPUs, CUDA and TPUs: physical fields to the solution, any number of samples
weights.safetensors   the parameters in it, by the dotted names of their places in the model
config.json           their description: the run, the grid, how predictions are made, digests
README.md             the model card
"""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jaxtyping import Float
from safetensors.numpy import save

from pde.grids.grid import Grid
from pde.surrogates.exported import CARD, CONFIG, FORMAT, PROGRAM, WEIGHTS, digest
from pde.surrogates.extrapolation import seen_by
from pde.surrogates.model_card import model_card
from pde.surrogates.surrogate import Mode, Surrogate, load
from pde.system.errors import InputError
from pde.system.files import folder_aside, refuse_existing
from pde.system.versions import versions

PLATFORMS = ("cpu", "cuda", "tpu")


def export_run(
    folder: str | Path,
    out: str | Path,
    *,
    resolution: int | None = None,
    mode: Mode = "auto",
    symmetric: bool = False,
) -> dict[str, Any]:
    """Export a run for one grid into a new folder, and return the contents of its `config.json`.

    Args:
        folder: the run.
        out: folder to create.
        resolution: points along axis 1, on the domain of the training grid and placed as its points
            (`Grid.of_resolution`); by default the training grid.
        mode: mode of predicting, as in `Surrogate`.
        symmetric: average over symmetries (`Surrogate`).

    Raises:
        InputError: no run, `out` exists, or a grid that the model cannot run on.
    """
    folder, out = Path(folder), Path(out)
    refuse_existing(out)
    surrogate = load(folder, symmetric=symmetric)
    run = surrogate.run
    grid = run.grid if resolution is None else run.grid.of_resolution(resolution)
    if run.view.learns_equation and grid.matches(run.grid):
        raise InputError(
            f"{folder} makes a coarse equation of a finer coefficient; give --resolution, the number of points "
            "along axis 1 of the grid that the coefficient will be on"
        )
    mode = run.mode_for(grid) if mode == "auto" else mode
    files = {PROGRAM: bytes(compiled(surrogate, grid, mode)), WEIGHTS: save(named(surrogate.params))}
    config = {
        "format": FORMAT,
        **_described(surrogate, grid, mode),
        "files": {name: digest(content) for name, content in files.items()},
    }
    files[CONFIG] = (json.dumps(config, indent=1) + "\n").encode()
    files[CARD] = model_card(surrogate, folder, grid, mode).encode()
    with folder_aside(out) as aside:
        for name, content in files.items():
            (aside / name).write_bytes(content)
    return config


def _described(surrogate: Surrogate, grid: Grid, mode: Mode) -> dict[str, Any]:
    run = surrogate.run
    return {
        "model": run.model,
        "inputs": run.view.inputs,
        "outputs": run.output_names,
        "positive": run.view.needs_positive,
        "mode": mode,
        "symmetries": run.symmetries if surrogate.symmetric else (),
        "epoch": surrogate.epoch,
        "seen": seen_by(run).ranges,
        "seen_as_ratios": seen_by(run).as_ratios,
        "grid": grid.to_json(),
        "platforms": PLATFORMS,
        "versions": versions(),
        "run": run.to_json(),
    }


def compiled(surrogate: Surrogate, grid: Grid, mode: Mode) -> bytearray:
    """Serialise a surrogate on one grid as a program that contains the parameters."""
    run = surrogate.run
    (batch,) = export.symbolic_shape("batch")
    fields = jax.ShapeDtypeStruct((batch, *grid.shape, len(run.view.inputs)), jnp.float32)
    predict = jax.jit(lambda fields: surrogate(fields, grid, mode=mode))
    solves = run.view.informed != "none"
    # Coarse solves are in float64: their loop over a symbolic number of samples can be lowered only in x64.
    with jax.enable_x64(solves):
        return export.export(predict, platforms=PLATFORMS)(fields).serialize(vjp_order=0 if solves else 1)


def named(params: Any) -> dict[str, Float[np.ndarray, "..."]]:
    """Return the parameters by the dotted names of their places in the model."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}
