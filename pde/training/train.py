"""The training loop. Its state is a plain pytree: parameters and the optimiser's state."""

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
from flax import nnx
from jax import Array
from jax.sharding import Mesh

from manojax.layers.halo import Space
from manojax.operators.base import ModelConfig
from pde import metrics
from pde.grids.grid import Grid
from pde.grids.symmetries import group
from pde.runs.checkpoints import Checkpoints, Position
from pde.runs.run import Run, TrainingConfig, options_of
from pde.surrogates.surrogate import Surrogate, forward
from pde.system.errors import InputError
from pde.system.files import folder_aside, refuse_existing, write_text
from pde.system.interrupts import deferred_stop
from pde.system.locks import alone_in
from pde.system.processes import leads, led, total
from pde.system.progress import progress_bar
from pde.training.engine.devices import DEFAULT, Division, here, placing, space_of, training_mesh
from pde.training.engine.divergence import Skipped
from pde.training.engine.feeding import Batch
from pde.training.engine.moving_average import exchanged
from pde.training.engine.optimisers import make_optimiser
from pde.training.engine.steps import Loss, Stepper, make_gradient, take_all
from pde.training.engine.steps import make_step as make_step  # for those who write their own loop
from pde.training.prepare import (
    Parts,
    batch_in_force,
    feeder,
    open_parts,
    prepare,
    steps_an_epoch,
    training_data,
)
from pde.training.samples import Part
from pde.training.symmetry_doubts import record_doubts
from pde.training.transfer import record_transfer

OnEpoch = Callable[[dict[str, Any]], None]


def train(
    data: Path,
    out: Path,
    *,
    model: str = "mano",
    options: ModelConfig | None = None,
    config: TrainingConfig | None = None,
    division: Division = DEFAULT,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Train a model on a data file into a new run folder.

    Over the devices of all processes that `jax.distributed` has joined: each calls this, with the same arguments
    and files that all can see.

    Args:
        data: file to train on.
        out: folder to create.
        model: name of the model.
        options: its options; by default those of `model.Config()`.
        config: how it is trained; by default `TrainingConfig()`.
        division: how devices share the work.
        on_epoch: called after each epoch with its line of metrics.jsonl, such as `pde.plots.live.LiveCurves`.

    Raises:
        InputError: no such model, bad data, a folder that exists, or a configuration that does not fit data or
            devices.
        ArithmeticError: loss or gradient was not finite in ten steps in a row.
    """

    def begin() -> tuple[Run, Parts]:
        refuse_existing(out)
        chosen = options_of(model) if options is None else options
        run, parts = prepare(data, model, chosen, config or TrainingConfig(), division)
        with folder_aside(out) as aside:
            run.save(aside)
        return run, parts

    _finish(data, out, led(begin), division, on_epoch)


def resume(data: Path, out: Path, *, division: Division = DEFAULT, on_epoch: OnEpoch | None = None) -> None:
    """Go on with a run from its last checkpoint; the result has the bits of a run never interrupted.

    Raises:
        InputError: no run there, other data than it was begun with, or another process at it.
        ArithmeticError: as for `train`.
    """

    def begin() -> tuple[Run, Parts]:
        saved = Run.open(out)
        run, parts = prepare(data, saved.model, saved.options, saved.training, division)
        if run.digest != saved.digest:
            raise InputError(f"{data} is not the data that {out} was begun with ({saved.data}); give that file")
        return saved, parts

    _finish(data, out, led(begin), division, on_epoch)


def make_loss(graph: nnx.GraphDef, run: Run, grid: Grid, space: Space | None = None) -> Loss:
    """loss(params, what the model sees, solutions): the mean relative error on a grid, all physical.

    With a `space`, the devices along it have all of the fields, and compute a piece of the prediction each.
    """
    coordinates = run.normalisation.coordinates(grid)

    def loss(params: Any, inputs: Array, solution: Array) -> Array:
        predicted = forward(graph, run.normalisation, params, inputs, coordinates, space)
        if run.training.loss == "relative-l2":
            return metrics.relative_l2(predicted, solution).mean()
        return metrics.relative_h1(predicted, solution, coordinates).mean()

    return loss


def _finish(
    data: Path, out: Path, begun: tuple[Run, Parts] | None, division: Division, on_epoch: OnEpoch | None
) -> None:
    """Go on with what the first process has begun, all together."""
    if begun is None:
        run = Run.open(out)
        begun = run, open_parts(data, run.training)
    run, (training, validation) = begun
    with ExitStack() as held:
        led(lambda: held.enter_context(alone_in(out)))
        _fit(run, out, training, validation, division, on_epoch)

        def look_back() -> None:
            if validation is not None:
                record_doubts(out, validation)
            record_transfer(out, training_data(data, run.training))

        led(look_back)


def _fit(
    run: Run,
    out: Path,
    training: list[Part],
    validation: Part | None,
    division: Division,
    on_epoch: OnEpoch | None,
) -> None:
    epochs, steps = run.training.epochs, steps_an_epoch(run.samples, run.training.batch_size)
    assert epochs is not None  # filled in by prepare
    graph, params = run.build()
    optimiser = make_optimiser(run.training, epochs * steps)
    batch = batch_in_force(run.samples, run.training.batch_size)
    mesh = training_mesh(batch // run.training.accumulate, division)
    _say_if_idle(mesh, run.training.accumulate)
    state = params, optimiser.init(params)
    placed = placing(state, mesh, division)
    state = jax.device_put(state, placed)
    chosen, steppers = group(run.symmetries), []
    for part in training:
        loss = make_loss(graph, run, part.grid, space_of(mesh))
        make = partial(make_gradient, loss, run.training.accumulate)
        samples = feeder(part, run.training, mesh, batch)
        steppers.append(Stepper(make, optimiser, samples, chosen, mesh, placed))

    skipped, stop = Skipped(out), None
    with Checkpoints(out) as checkpoints, ExitStack() as stack:
        *saved, position = checkpoints.restore_last(*exchanged(*state))
        state = exchanged(*saved)
        _cut_metrics(out, position.epochs)
        done = position.epochs * steps + len(position.losses)
        bar = stack.enter_context(
            progress_bar(f"train {run.model}", total=epochs * steps, done=done, unit="step", shown=leads())
        )
        for epoch in range(position.epochs, epochs):
            started, losses = time.perf_counter(), list(position.losses)
            rows = _batches(run, epoch, len(chosen), len(training), len(losses))
            calls = take_all(state, ((steppers[number], batches) for number, batches in rows))
            for state, found, taken in calls:
                losses += map(float, found)
                skipped.note(found, taken)
                bar.update(len(found))
                # Compiling, a stop is at once; from then on it waits for the steps under way.
                stop = stop or stack.enter_context(deferred_stop())
                stop.share()
                if stop.by is not None and len(losses) < steps:
                    position = Position(epoch, tuple(losses))
                    checkpoints.save(epoch * steps + len(losses), *exchanged(*state), position)
                    stop.now()
            line = {"epoch": epoch + 1, **_summary(losses)}
            if validation is not None:
                params = here(exchanged(*state)[0], mesh)
                line["validation"] = _validate(Surrogate(run, graph, params, epoch + 1), validation)
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
            bar.set_postfix_str(f"epoch {epoch + 1}, loss {line['train_loss']:.4f}")


def _say_if_idle(mesh: Mesh, accumulate: int) -> None:
    there = jax.device_count()
    if mesh.size < there and leads():
        print(
            f"manojax: {mesh.size} of {there} devices share a batch; --batch-size {there * accumulate} or a "
            "multiple would use all",
            file=sys.stderr,
        )


def _validate(surrogate: Surrogate, part: Part) -> dict[str, float]:
    """Mean errors; every process sees its share of the samples."""
    share = part.blocks[jax.process_index() :: jax.process_count()]
    errors = {name: np.zeros(part.samples, np.float32) for name in metrics.RELATIVE}
    for block in share:
        for name, values in surrogate.sample_errors(*part.read(block)).items():
            errors[name][block] = values
    return metrics.mean_errors([{name: total(values) for name, values in errors.items()}])


def _summary(losses: list[float]) -> dict[str, Any]:
    """Mean over the steps of an epoch that were applied, and the number of those that were not."""
    finite = np.isfinite(losses)
    mean = float(np.mean(losses, where=finite)) if finite.any() else math.nan
    return {"train_loss": mean, "skipped": int(np.sum(~finite))}


def _batches(run: Run, epoch: int, choices: int, grids: int, done: int) -> Iterator[tuple[int, list[Batch]]]:
    """Batches of an epoch, from seed and epoch alone, but for those done: the number of a grid, and those in a row
    on it."""
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
    """Forget the lines of epochs that no checkpoint holds."""
    path = out / "metrics.jsonl"
    if leads() and path.exists():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        write_text(path, "".join(lines[:epochs]))
