"""The loop of epochs. Its state is a plain pytree: parameters and the optimiser's state."""

import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh

from pde import metrics
from pde.grids.kinds import Channels
from pde.grids.symmetries import SHIFTS, group, shifted, transformed
from pde.metrics.quantities import names_of_errors
from pde.runs.checkpoints import Checkpoints, Position
from pde.runs.run import Run
from pde.surrogates.surrogate import Surrogate
from pde.system.files import write_text
from pde.system.interrupts import deferred_stop
from pde.system.numbers import short
from pde.system.processes import leads, total
from pde.system.progress import progress_bar
from pde.training.engine.devices import Division, here, placing, space_of, training_mesh
from pde.training.engine.divergence import Divergence
from pde.training.engine.feeding import Batch
from pde.training.engine.moving_average import exchanged
from pde.training.engine.steps import Augment, Stepper, make_gradient, take_all
from pde.training.loss import make_loss
from pde.training.prepare import (
    batch_in_force,
    feeder,
    optimiser_for,
    steps_an_epoch,
)
from pde.training.samples import Samples

OnEpoch = Callable[[dict[str, Any]], None]


def fit(
    run: Run,
    out: Path,
    training: list[Samples],
    validation: Samples | None,
    division: Division,
    on_epoch: OnEpoch | None,
) -> None:
    """Train the model of a run, from the last checkpoint in its folder `out` to its last epoch."""
    epochs, accumulate = run.training.epochs, run.training.accumulate
    assert epochs is not None  # both filled in by prepare
    assert accumulate is not None
    steps = steps_an_epoch(run.samples, run.training.batch_size)
    graph, params = run.build()
    optimiser = optimiser_for(run.training, epochs * steps)
    batch = batch_in_force(run.samples, run.training.batch_size)
    mesh = training_mesh(batch // accumulate, division)
    _say_if_idle(mesh, accumulate)
    state = params, optimiser.init(params)
    placed = placing(state, mesh, division)
    state = jax.device_put(state, placed)
    augment, choices = augmentation(run)
    steppers = []
    for each in training:
        loss = make_loss(graph, run, each.grid, space_of(mesh))
        make = partial(make_gradient, loss, accumulate)
        samples = feeder(each, run.training, mesh, batch)
        steppers.append(Stepper(make, optimiser, samples, augment, mesh, placed))

    divergence, stop = Divergence(out), None
    with Checkpoints(out, run.seal) as checkpoints, ExitStack() as stack:
        *saved, position = checkpoints.restore_last(*exchanged(*state))
        state = exchanged(*saved)
        _cut_metrics(out, position.epochs)
        done = position.epochs * steps + len(position.losses)
        bar = stack.enter_context(
            progress_bar(f"train {run.model}", total=epochs * steps, done=done, unit="step", shown=leads())
        )
        for epoch in range(position.epochs, epochs):
            started, losses = time.perf_counter(), list(position.losses)
            rows = batches_of_epoch(run, epoch, choices, len(training), len(losses))
            calls = take_all(state, ((steppers[number], batches) for number, batches in rows))
            for state, found, taken in calls:
                losses += map(float, found)
                divergence.note(found, taken)
                bar.update(len(found))
                # During compilation a stop acts at once; later it waits for the running steps.
                stop = stop or stack.enter_context(deferred_stop())
                stop.share()
                if stop.by is not None and len(losses) < steps:
                    position = Position(epoch, tuple(losses))
                    checkpoints.save(epoch * steps + len(losses), *exchanged(*state), position)
                    stop.now()
            line = {"epoch": epoch + 1, **_summary(losses)}
            if validation is not None:
                params = here(exchanged(*state)[0], mesh)
                line["validation"] = _validate(Surrogate.of(run, graph, params, epoch + 1), validation)
            line["seconds"] = round(time.perf_counter() - started, 3)
            _log(out, line)
            error = line["validation"]["relative_l2"] if validation else None
            position = Position(epoch + 1)
            checkpoints.save((epoch + 1) * steps, *exchanged(*state), position, error)
            if stop is not None:
                stop.share()
                stop.now()
            if on_epoch is not None:
                on_epoch(line)
            bar.set_postfix_str(f"epoch {epoch + 1}, loss {short(line['train_loss'])}")


def augmentation(run: Run) -> tuple[Augment, int]:
    """Return the function that shows a batch, its inputs and its outputs, under the symmetry of a number, and how
    many numbers there are.

    A number stands for a flip and transpose and, along each axis with shifts, for a point of the training grid
    that the first point is shifted to.
    """
    chosen, kinds = group(run.symmetries), run.channels
    rings = [SHIFTS[name] for name in run.symmetries if name in SHIFTS]
    sizes = [run.grid.shape[axis] for axis in rings]

    def show(number: Array, fields: Array, channels: Channels) -> Array:
        fields = transformed(chosen, number % len(chosen) if rings else number, fields, channels)
        left = number // len(chosen)
        for axis, size in zip(rings, sizes, strict=True):
            # On another grid the shift is the nearest one to the same length.
            fields = shifted(fields, axis, (left % size) * fields.shape[1 + axis] // size)
            left = left // size
        return fields

    def augment(number: Array, fields: tuple[Array, Array]) -> tuple[Array, Array]:
        inputs, outputs = (show(number, *each) for each in zip(fields, kinds, strict=True))
        return inputs, outputs

    return augment, len(chosen) * math.prod(sizes)


def _say_if_idle(mesh: Mesh, accumulate: int) -> None:
    there = jax.device_count()
    if mesh.size < there and leads():
        print(
            f"manojax: {mesh.size} of {there} devices share a batch; --batch-size {there * accumulate} or a "
            "multiple would use all",
            file=sys.stderr,
        )


def _validate(surrogate: Surrogate, samples: Samples) -> dict[str, float]:
    """Compute mean errors; every process sees its share of the samples."""
    share = samples.blocks[jax.process_index() :: jax.process_count()]
    quantities = surrogate.run.quantities
    errors = {name: np.zeros(samples.count, np.float32) for name in names_of_errors(quantities)}
    for block in share:
        for name, values in surrogate.sample_errors(*samples.read(block)).items():
            errors[name][block] = values
    return metrics.mean_errors([{name: total(values) for name, values in errors.items()}])


def _summary(losses: list[float]) -> dict[str, Any]:
    """Return the mean loss of the applied steps of an epoch, and the number of skipped steps."""
    finite = np.isfinite(losses)
    mean = float(np.mean(losses, where=finite)) if finite.any() else math.nan
    return {"train_loss": mean, "skipped_steps": int(np.sum(~finite))}


def batches_of_epoch(
    run: Run, epoch: int, choices: int, grids: int, done: int
) -> Iterator[tuple[int, list[Batch]]]:
    """Yield the batches of an epoch after the first `done`; they depend on seed and epoch alone.

    Each item is the number of a grid, and the consecutive batches on it.
    """
    size = batch_in_force(run.samples, run.training.batch_size)
    generator = np.random.default_rng([run.training.seed, epoch])
    order = generator.permutation(run.samples)
    drawn = []
    for start in range(0, run.samples - size + 1, size):
        symmetry, grid = (generator.integers(n, dtype=np.int32) for n in (choices, grids))
        drawn.append((int(grid), (order[start : start + size], symmetry)))
    for grid, batches in itertools.groupby(drawn[done:], key=lambda each: each[0]):
        yield grid, [batch for _, batch in batches]


def _log(out: Path, line: dict[str, Any]) -> None:
    if leads():
        with (out / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _cut_metrics(out: Path, epochs: int) -> None:
    """Remove the lines of epochs that no checkpoint holds."""
    path = out / "metrics.jsonl"
    if leads() and path.exists():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        write_text(path, "".join(lines[:epochs]))
