"""Preparation of a training run: data read and checked, and its description made."""

import dataclasses
import hashlib
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Float

from manojax.operators.base import ModelConfig, Operator
from manojax.operators.sharding import by_pieces
from pde import metrics
from pde.data.data_file import find_field
from pde.equations.registry import check_darcy
from pde.grids.grid import Grid
from pde.grids.kinds import Kinds
from pde.grids.symmetries import check_symmetries, generators
from pde.preprocessing.batches import in_batches
from pde.preprocessing.normalisation import Normalisation
from pde.preprocessing.scale import scaling_of
from pde.runs.build import create, size_of, split
from pde.runs.config import TrainingConfig
from pde.runs.run import Run
from pde.surrogates.forward import forward
from pde.system.errors import InputError, check_seed
from pde.system.machine import cores, processor
from pde.training.engine.devices import DATA, DEFAULT, SPACE, Division, space_of, training_mesh
from pde.training.engine.feeding import Feeder, Resident, Streamed
from pde.training.engine.optimisers import make_optimiser
from pde.training.engine.pieces import pieces
from pde.training.samples import Samples, kept, together
from pde.training.source import Source, Split, name_of, open_source, say_unused, split_samples
from pde.training.symmetry_test import ENOUGH, invariant

_STEP_BUDGET, _MAX_EPOCHS = 5000, 500
HIGHEST_LEARNING_RATE = 10.0
"""Larger rates are taken for a slip."""
_CHECKED = 100
"""Number of samples whose coarse solutions are compared with the file's."""
_FAR = 0.5  # relative error from which on a coarse solution is no start for a correction


def prepare(
    source: Source, model: str, options: ModelConfig, config: TrainingConfig, division: Division = DEFAULT
) -> tuple[Run, Split]:
    """Read and check everything before anything is written; return the run and its samples.

    Raises:
        InputError: bad data, or a configuration that does not fit them or the devices.
    """
    for name in ("epochs", "batch_size", "accumulate"):
        value = getattr(config, name)
        if value is not None and not 0 < value < float("inf"):
            raise InputError(f"--{name.replace('_', '-')} {value} must be positive")
    if not 0 < config.learning_rate <= HIGHEST_LEARNING_RATE:
        raise InputError(
            f"--learning-rate {config.learning_rate} must be positive, and at most {HIGHEST_LEARNING_RATE}"
        )
    if not 0 <= config.weight_decay <= 1:
        raise InputError(f"--weight-decay {config.weight_decay} must lie between 0 and 1")
    if config.ema is not None and not 0 < config.ema < 1:
        raise InputError(f"--ema {config.ema} must lie between 0 and 1, such as 0.999")
    if not 0 <= config.view.filter_width_in_force <= 10:
        width = config.view.filter_width
        raise InputError(f"--filter-width {width} must be 0 to 10 spacings of the training grid")
    check_seed(config.seed)
    opened = open_source(source, config)
    for name in opened.output_names:
        find_field(opened.fields, opened.path, name)  # a file may lack outputs, but not here
    say_unused(opened)
    view = dataclasses.replace(config.view, inputs=opened.inputs)
    if view.informed != "none":
        check_darcy("--informed", opened.inputs, opened.outputs)
    if config.scale_free:
        view = dataclasses.replace(view, scaling=scaling_of(opened))
    config = dataclasses.replace(config, view=view, outputs=opened.output_names)
    training, validation, grid = split_samples(source, config)
    grids = [each.grid for each in training]
    if config.symmetries == "all":
        check_symmetries(grids)
    if not _streams(config):
        training = [kept(each) for each in training]
        validation = None if validation is None else kept(validation)
    finest = max(training, key=lambda each: each.grid.shape[0])
    try:
        options = _without_coordinates(options, grid).for_grid(grid.shape)
    except ValueError as error:
        raise InputError(f"--model {model}: {error}") from error
    samples = finest.count
    batch = batch_in_force(samples, config.batch_size)
    if batch % (config.accumulate or 1):
        raise InputError(
            f"--accumulate {config.accumulate} does not divide a batch of {batch} samples; choose a divisor"
        )
    mesh = training_mesh(batch // (config.accumulate or 1), division)
    points = math.prod(finest.grid.shape) // mesh.shape[SPACE]
    accumulate = config.accumulate or pieces(batch // mesh.shape[DATA], points)
    steps = steps_an_epoch(samples, config.batch_size)
    epochs = config.epochs or min(_MAX_EPOCHS, -(-_STEP_BUDGET // steps))
    normalisation = Normalisation.fit(finest.each(), grid, config.view.solutions)
    if config.view.learns_equation:
        normalisation = normalisation.of_fields()
    sizes = len(grid.axes), len(opened.outputs), grid.rings
    operator = create(model, options, config.view, config.precision, config.seed, *sizes)
    if config.view.informed != "none":
        _check_equation(finest, normalisation, operator if config.view.learns_equation else None)
    if space_of(mesh) is not None:
        _check_split(operator, grid, config.view.channels, mesh)
    _, params = split(operator)
    run = Run(
        model=model,
        options=options,
        training=dataclasses.replace(config, epochs=epochs, resolution=grid.shape[0], accumulate=accumulate),
        data=name_of(source),
        equation=str(opened.attributes.get("equation", "")),
        digest=_digest(grid, *training, validation),
        samples=samples,
        validated=validation is not None,
        grid=grid,
        normalisation=normalisation,
        parameters=size_of(params),
        outputs=opened.outputs,
        kinds=opened.kinds,
        view=config.view,
        precision=config.precision,
        symmetries=_symmetries(config, finest, grids, opened.kinds),
        cores=cores(),
        processor=processor(),
    )
    return run, (training, validation)


def _without_coordinates(options: ModelConfig, grid: Grid) -> ModelConfig:
    """Leave the coordinates out where all axes are periodic: no place is marked there."""
    if not all(grid.rings) or not hasattr(options, "coordinates"):
        return options
    return dataclasses.replace(options, **{"coordinates": False})


def _streams(config: TrainingConfig) -> bool:
    """Tell if samples are streamed; with several processes, each reads only its own share."""
    return config.stream or jax.process_count() > 1


def feeder(samples: Samples, config: TrainingConfig, mesh: Mesh, batch_size: int) -> Feeder:
    """Make the feeder of a training from its samples."""
    if _streams(config):
        return Streamed(samples.read, 4 * samples.numbers * batch_size, mesh)
    return Resident(samples.read(slice(None)), mesh)


def optimiser_for(config: TrainingConfig, steps: int) -> optax.GradientTransformation:
    """Make the optimiser that a configuration asks for."""
    return make_optimiser(
        steps, learning_rate=config.learning_rate, weight_decay=config.weight_decay, ema=config.ema
    )


def _check_split(operator: Operator, grid: Grid, channels: int, mesh: Mesh) -> None:
    """Raise InputError if the operator cannot split the grid over the devices of the mesh."""
    trial = jax.shard_map(
        lambda fields: by_pieces(operator, fields, None, space_of(mesh)),
        mesh=mesh,
        in_specs=PartitionSpec(),
        out_specs=PartitionSpec(),
        check_vma=False,
    )
    try:
        jax.eval_shape(trial, jax.ShapeDtypeStruct((1, *grid.shape, channels), jnp.float32))
    except ValueError as error:
        raise InputError(f"--mesh space={mesh.shape[SPACE]}: {error}") from error


def _check_equation(samples: Samples, normalisation: Normalisation, learned: Operator | None) -> None:
    """Raise InputError if coarse solutions are far from the file's, as those of another equation are.

    An equation that is yet to be learned is at first the upscaled one.
    """
    errors = []
    for inputs, solution in samples.first(_CHECKED):
        if learned is None:
            coarse = np.asarray(normalisation.decode(jnp.zeros(solution.shape), jnp.asarray(inputs)))
        else:
            coarse = _solutions(learned, inputs, samples.grid, normalisation)
        errors.append(metrics.relative_l2(jnp.asarray(coarse), jnp.asarray(solution)))
    error = float(jnp.concatenate(errors).mean())
    if not error < _FAR:
        raise InputError(
            f"{samples.path}: coarse solutions of -div(a grad u) = 1 in its unit of length are {error:.0%} away "
            "from the file's: another equation, or too coarse a grid for its coefficient; leave --informed out"
        )


def _solutions(
    operator: Operator, inputs: Float[np.ndarray, "sample *_ channel"], grid: Grid, normalisation: Normalisation
) -> Float[np.ndarray, "sample *grid 1"]:
    """Return the solutions of an operator on a grid."""
    graph, params = split(operator)
    coordinates = normalisation.coordinates(grid)
    solve = jax.jit(lambda fields: forward(graph, normalisation, params, fields, coordinates))
    return in_batches(solve, inputs, grid)


def _symmetries(config: TrainingConfig, samples: Samples, grids: list[Grid], kinds: Kinds) -> tuple[str, ...]:
    """Choose the generators of the symmetries that batches are shown under."""
    if config.symmetries == "none":
        return ()
    found = generators(*grids)
    if config.symmetries == "all":
        return found
    channels = kinds.channels((*config.view.channel_names, *config.outputs))
    return invariant((together(*pair) for pair in samples.first(ENOUGH)), found, channels)


def _digest(grid: Grid, *splits: Samples | None) -> str:
    """SHA-256 of everything that training and validation see."""
    digest = hashlib.sha256(b"".join(axis.tobytes() for axis in grid.axes))
    for samples in splits:
        if samples is not None:
            for pair in samples.each():
                for field in pair:
                    digest.update(np.ascontiguousarray(field).data)
    return digest.hexdigest()


def batch_in_force(samples: int, batch_size: int) -> int:
    """Return the batch size in use, never larger than the number of samples."""
    return min(batch_size, samples)


def steps_an_epoch(samples: int, batch_size: int) -> int:
    """Return the number of whole batches in an epoch."""
    return samples // batch_in_force(samples, batch_size)
