"""The training loop. Its state is a plain pytree: parameters and the optimiser's state."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jaxtyping import Float

from manojax.base import ModelConfig
from pde import datasets, metrics
from pde.checkpoints import Checkpoints
from pde.datasets import DataFile, first_samples
from pde.errors import InputError, check_seed
from pde.files import refuse_existing, write_text
from pde.grid import Grid
from pde.normalisation import Normalisation
from pde.observation import observe
from pde.progress import progress_bar
from pde.runs import Run, TrainingConfig, build, count_parameters
from pde.surrogate import Surrogate, forward

_STEP_BUDGET, _MAX_EPOCHS = 5000, 500
_FAR = 0.5  # a relative error that no coarse solve of the right equation has

Loss = Callable[[Any, Array, Array], Array]


@dataclass(frozen=True)
class Part:
    """Samples in memory: what the model sees on the training grid, and the solutions there."""

    inputs: Float[np.ndarray, "sample height width channel"]
    solution: Float[np.ndarray, "sample height width 1"]


def train(data: Path, out: Path, *, model: str, options: ModelConfig, config: TrainingConfig) -> None:
    """Train a model on a data file into a new run folder.

    Raises:
        InputError: bad data, a folder that exists, or a configuration that does not fit the data.
    """
    refuse_existing(out)
    run, parts = _prepare(data, model, options, config)
    out.mkdir(parents=True)
    run.save(out)
    _fit(run, out, *parts)


def resume(data: Path, out: Path) -> None:
    """Go on with a run from its last checkpoint; the result has the bits of a run never interrupted.

    Raises:
        InputError: no run there, or other data than it was begun with.
    """
    saved = Run.open(out)
    run, parts = _prepare(data, saved.model, saved.options, saved.training)
    if run.digest != saved.digest:
        raise InputError(f"{data} is not the data that {out} was begun with ({saved.data}); give that file")
    _fit(saved, out, *parts)


def _prepare(
    path: Path, model: str, options: ModelConfig, config: TrainingConfig
) -> tuple[Run, tuple[Part, Part | None]]:
    """Read and check everything before anything is written."""
    for name in ("epochs", "batch_size", "learning_rate"):
        value = getattr(config, name)
        if value is not None and not 0 < value < float("inf"):
            raise InputError(f"--{name.replace('_', '-')} {value} must be positive")
    if not 0 <= config.weight_decay < float("inf"):
        raise InputError(f"--weight-decay {config.weight_decay} must not be negative")
    check_seed(config.seed)
    data = first_samples(_open(path, config), config.train_samples)
    stride = data.stride_to(data.grid.shape[0] if config.resolution is None else config.resolution)
    grid = data.grid.strided(stride)
    training, validation = _split(data, grid, config)
    try:
        options = options.for_grid(grid.shape)
    except ValueError as error:
        raise InputError(f"--model {model}: {error}") from error
    samples = len(training.inputs)
    steps_an_epoch = _steps_an_epoch(samples, config.batch_size)
    epochs = config.epochs or min(_MAX_EPOCHS, -(-_STEP_BUDGET // steps_an_epoch))
    normalisation = Normalisation.fit(training.inputs, training.solution, grid, config.solutions)
    if config.solutions:
        _check_equation(path, training, normalisation)
    _, params = build(model, options, config.channels, config.seed)
    run = Run(
        model=model,
        options=options,
        training=dataclasses.replace(config, epochs=epochs, resolution=grid.shape[0]),
        data=path.name,
        digest=_digest(grid, training, validation),
        samples=samples,
        validated=validation is not None,
        grid=grid,
        normalisation=normalisation,
        parameters=count_parameters(params),
    )
    return run, (training, validation)


def _open(path: Path, config: TrainingConfig) -> DataFile:
    return datasets.open(path, inputs=config.inputs, boundary=config.boundary, domain=config.domain)


def _split(data: DataFile, grid: Grid, config: TrainingConfig) -> tuple[Part, Part | None]:
    if config.validation == "none":
        return _read(data, slice(None), config, grid), None
    if config.validation == "last-tenth":
        if data.samples < 2:
            raise InputError(f"{data.path} has one sample, none to hold out; give --validation none")
        first = data.samples - max(1, data.samples // 10)
        return _read(data, slice(first), config, grid), _read(data, slice(first, None), config, grid)
    held_out = _open(Path(config.validation), config)
    if not held_out.grid.strided(held_out.stride_to(grid.shape[0])).matches(grid):
        raise InputError(f"{held_out.path} has other points than the training grid; validate on the same grid")
    return _read(data, slice(None), config, grid), _read(held_out, slice(None), config, grid)


def _read(data: DataFile, samples: slice, config: TrainingConfig, grid: Grid) -> Part:
    solution = data.read_solution(samples, data.stride_to(grid.shape[0]))
    return Part(observe(data, samples, config, grid), solution)


def _check_equation(path: Path, part: Part, normalisation: Normalisation) -> None:
    """Coarse solutions are there to be corrected: those of another equation are far from the file's solutions."""
    solution = jnp.asarray(part.solution)
    coarse = normalisation.decode(jnp.zeros_like(solution), jnp.asarray(part.inputs))
    error = float(metrics.relative_l2(coarse, solution).mean())
    if not error < _FAR:
        raise InputError(
            f"{path}: coarse solutions of -div(a grad u) = 1 in its unit of length are {error:.0%} away from the "
            "file's; leave --informed out"
        )


def _digest(grid: Grid, *parts: Part | None) -> str:
    """SHA-256 of everything that training and validation see."""
    arrays = [grid.x, grid.y]
    for part in parts:
        arrays += [] if part is None else [part.inputs, part.solution]
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _steps_an_epoch(samples: int, batch_size: int) -> int:
    """Whole batches only; a batch is never larger than the data."""
    return samples // min(batch_size, samples)


def make_optimiser(config: TrainingConfig, steps: int) -> optax.GradientTransformation:
    """AdamW with clipping, a linear warm-up and a cosine to zero."""
    schedule = optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=config.learning_rate,
        warmup_steps=max(1, steps // 20),
        decay_steps=max(2, steps),
    )
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=config.weight_decay))


def make_loss(graph: nnx.GraphDef, run: Run) -> Loss:
    """loss(params, what the model sees, solutions): the mean relative error of the prediction, all physical."""
    coordinates = run.normalisation.coordinates(run.grid)

    def loss(params: Any, inputs: Array, solution: Array) -> Array:
        predicted = forward(graph, run.normalisation, params, inputs, coordinates)
        if run.training.loss == "relative-l2":
            return metrics.relative_l2(predicted, solution).mean()
        return metrics.relative_h1(predicted, solution, coordinates).mean()

    return loss


def make_step(loss: Loss, optimiser: optax.GradientTransformation) -> Callable[..., tuple[Any, Any, Array]]:
    """step(params, optimiser_state, inputs, solution) -> (params, optimiser_state, loss), compiled."""

    @jax.jit
    def step(params: Any, optimiser_state: Any, inputs: Array, solution: Array) -> tuple[Any, Any, Array]:
        value, gradients = jax.value_and_grad(loss)(params, inputs, solution)
        with jax.numpy_dtype_promotion("standard"):  # optax mixes integer counts with float rates
            updates, optimiser_state = optimiser.update(gradients, optimiser_state, params)
        return optax.apply_updates(params, updates), optimiser_state, value

    return step


def _fit(run: Run, out: Path, training: Part, validation: Part | None) -> None:
    epochs, steps_an_epoch = run.training.epochs, _steps_an_epoch(run.samples, run.training.batch_size)
    assert epochs is not None  # filled in by _prepare
    graph, params = run.build()
    optimiser = make_optimiser(run.training, epochs * steps_an_epoch)
    optimiser_state = optimiser.init(params)
    step = make_step(make_loss(graph, run), optimiser)
    inputs, solution = jnp.asarray(training.inputs), jnp.asarray(training.solution)

    with Checkpoints(out) as checkpoints:
        done = checkpoints.last_epoch() or 0
        if done:
            params, optimiser_state = checkpoints.restore_last(params, optimiser_state)
        _cut_metrics(out, done)
        total, before = epochs * steps_an_epoch, done * steps_an_epoch
        with progress_bar(f"train {run.model}", total=total, done=before, unit="step") as bar:
            for epoch in range(done, epochs):
                started, losses = time.perf_counter(), []
                for batch in _batches(run, epoch):
                    params, optimiser_state, loss = step(params, optimiser_state, inputs[batch], solution[batch])
                    losses.append(loss)
                    bar.update()
                line: dict[str, Any] = {
                    "epoch": epoch + 1,
                    "train_loss": float(np.mean(jax.device_get(losses))),
                }
                if validation is not None:
                    line["validation"] = Surrogate(run, graph, params, epoch + 1).errors(
                        validation.inputs, validation.solution
                    )
                line["seconds"] = round(time.perf_counter() - started, 3)
                with (out / "metrics.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                error = line["validation"]["relative_l2"] if validation else None
                checkpoints.save(epoch + 1, params, optimiser_state, error)
                bar.set_postfix_str(f"epoch {epoch + 1}, loss {line['train_loss']:.4f}")


def _batches(run: Run, epoch: int) -> Iterator[np.ndarray]:
    """Sample numbers of each batch of an epoch, from seed and epoch alone."""
    size = min(run.training.batch_size, run.samples)
    order = np.random.default_rng([run.training.seed, epoch]).permutation(run.samples)
    for start in range(0, run.samples - size + 1, size):
        yield order[start : start + size]


def _cut_metrics(out: Path, epochs: int) -> None:
    """Forget the lines of epochs that no checkpoint holds."""
    path = out / "metrics.jsonl"
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        write_text(path, "".join(lines[:epochs]))
