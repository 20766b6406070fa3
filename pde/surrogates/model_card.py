"""The model card of an exported operator: its use, training, errors and limits."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pde.grids.grid import AXES, Axis, Grid
from pde.grids.outputs import Output
from pde.metrics.norms import RELATIVE
from pde.runs.description import Description
from pde.runs.run import SPREAD, Run, history
from pde.surrogates.surrogate import Mode, Surrogate
from pde.system.versions import versions

_NOT_RECORDED = "`Surrogate.save` wrote the folder, which holds no errors of the training."
_CARD = """---
license: unknown
library_name: manojax
tags:
- neural-operator
- surrogate-model
- partial-differential-equations
- jax
- stablehlo
- {model}
---

# {model}, trained on {data}, exported for {grid} points

`model.stablehlo` maps {inputs} to {outputs}, all in physical units, with normalisation and parameters inside:
float32 (sample, {sides}, {channels}) to (sample, {sides}, {made}), any number of samples.

## Use

With `pip install jax flatbuffers`, on a CPU, an NVIDIA GPU or a TPU:

```python
import jax.export, numpy as np

model = jax.export.deserialize(bytearray(open("model.stablehlo", "rb").read()))
solution = np.asarray(model.call(np.ones((1, {sides}, {channels}), np.float32)))  # your fields for ones
```

With manojax, `pde.load_exported(FOLDER)`, or for a data file `manojax predict FOLDER IN.h5 OUT.h5 --exported`.

{axes}; all points are in `config.json`. {domain}

`weights.safetensors` has the parameters by their names in the model, `config.json` the options that made it.

## Data

{data_rows}

## Training

{training_rows}

## Metrics

{metrics}

## Limits

- The model was neither trained nor measured on other grids, or on inputs unlike those of the training data.
{limits}- Errors are sample means; some samples have larger ones. A plain solve on a coarse grid may do better in
  less time; `manojax evaluate` prints both side by side.
- The program was lowered for CPU, CUDA and TPU; manojax tests it on CPUs.
- JAX reads a serialised program for at least six months after it was written. The weights last longer.
- The owner of data and weights should state their licence in place of `unknown` above.

## Provenance

{provenance}
"""


def model_card(surrogate: Surrogate, folder: Path, grid: Grid, mode: Mode) -> str:
    """Markdown with a YAML head, as model hubs have it.

    Args:
        surrogate: the exported surrogate.
        folder: its run folder.
        grid: the grid that it was exported for.
        mode: its mode on that grid.
    """
    run, inputs = surrogate.run, surrogate.run.view.inputs
    return _CARD.format(
        model=run.model,
        data=run.data,
        grid=grid,
        sides=", ".join(map(str, grid.shape)),
        inputs=", ".join(f"`{name}`" for name in inputs),
        channels=len(inputs),
        outputs=", ".join(f"`{name}`" for name in run.output_names),
        made=len(run.outputs),
        axes="; ".join(map(_axis, AXES, range(1, 1 + len(grid.axes)), grid.axes)).capitalize(),
        domain=_domain(grid, run.outputs),
        data_rows=_table(_data(run)),
        training_rows=_table(_training(surrogate)),
        metrics=_metrics(run, history(folder), surrogate.epoch) if isinstance(run, Run) else _NOT_RECORDED,
        limits=_limits(surrogate, grid, mode),
        provenance=_table(_provenance(run)),
    )


def _axis(name: str, number: int, points: Axis) -> str:
    return f"axis {number} is {name}, from {points[0]:g} to {points[-1]:g}"


def _domain(grid: Grid, outputs: Sequence[Output]) -> str:
    if grid.domain is None:
        return "The domain is not known."
    borders = "; ".join(f"the border of `{output.name}` is {output.border}" for output in outputs)
    sides = " by ".join(f"{low:g} to {high:g}" for low, high in grid.ends)
    rings = f"; periodic along {', '.join(grid.periodic)}" if grid.periodic else ""
    return f"The domain is {sides}{rings}; {borders}."


def _data(run: Description) -> dict[str, Any]:
    validation = f"{run.training.validation}" if isinstance(run, Run) and run.validated else "none"
    samples = {"training samples": run.samples, "validation": validation} if isinstance(run, Run) else {}
    inputs = ", ".join(run.view.inputs)
    return {"file": run.data, **samples, "inputs": inputs, "training grid": str(run.grid)}


def _training(surrogate: Surrogate) -> dict[str, Any]:
    run = surrogate.run
    named = ("loss", "epochs", "batch_size", "learning_rate", "weight_decay", "ema", "precision", "seed")
    settings: dict[str, Any] = {"settings": "not recorded"}
    if isinstance(run, Run):
        settings = {name.replace("_", " "): getattr(run.training, name) for name in named}
    seen: dict[str, Any] = {"restriction": run.view.restriction, "informed": run.view.informed}
    if run.view.scaling:
        seen["scale"] = "taken out of the model"
    return {
        "model": f"{run.model}, {run.parameters:,} parameters",
        "options": _list(dataclasses.asdict(run.options).items()),
        **settings,
        "sees inputs": _list((seen | {"filter_width": run.view.filter_width_in_force}).items()),
        "symmetries": ", ".join(run.symmetries) or "none",
        "epoch exported": surrogate.epoch,
    }


def _metrics(run: Run, epochs: list[dict[str, Any]], exported: int) -> str:
    """Write the errors on the validation samples at the exported epoch."""
    if not run.validated:
        return f"There was no validation part. {_loss(run, epochs, exported)}"
    errors = next((line["validation"] for line in epochs if line["epoch"] == exported), None)
    if errors is None:
        return "The run does not record the errors of this epoch."
    rows = {f"{name.replace('_', ' ')}, {run.grid.shape[0]} points": f"{errors[name]:.4g}" for name in RELATIVE}
    if run.transfer is not None:
        for name in ("direct", "resample"):
            error = getattr(run.transfer, name)
            rows[f"relative l2, {run.transfer.resolution} points, {name}"] = f"{error:.4g}"
    return (
        "Means over the validation samples, which also chose the epoch. Points are those along axis 1; the first "
        f"rows are of the training grid.\n\n{_table(rows)}\n\n{SPREAD}"
    )


def _loss(run: Run, epochs: list[dict[str, Any]], exported: int) -> str:
    loss = next((line["train_loss"] for line in epochs if line["epoch"] == exported), None)
    return "" if loss is None else f"The training loss ({run.training.loss}) of the last epoch was {loss:.4g}."


def _limits(surrogate: Surrogate, grid: Grid, mode: Mode) -> str:
    run, found = surrogate.run, ""
    if not grid.matches(run.grid):
        found += f"- This is not the training grid of {run.grid}: predictions are made by the mode `{mode}`.\n"
    if run.view.informed != "none":
        found += (
            "- It solves a coarse problem inside, so the coefficient must be positive everywhere, and the program "
            "cannot be differentiated.\n"
        )
    if surrogate.symmetric:
        found += "- A prediction is the mean over flips and transposes; errors above are without averaging.\n"
    return found


def _provenance(run: Description) -> dict[str, Any]:
    digest = {"digest": f"SHA-256 of what training saw, {run.digest}"} if isinstance(run, Run) else {}
    return {
        **digest,
        "trained with": _list(run.versions.items()),
        "exported with": _list(versions().items()),
    }


def _list(pairs: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _table(rows: Mapping[str, Any]) -> str:
    lines = (f"| {name} | {'none' if value is None else value} |" for name, value in rows.items())
    return "\n".join(["| | |", "|---|---|", *lines])
