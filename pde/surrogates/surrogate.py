"""A trained operator as a function of physical fields."""

import dataclasses
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from flax import nnx
from jax import Array
from jax.core import Tracer
from jaxtyping import Float, Shaped

from manojax.layers.coordinates import AnyArray, nearest
from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.grids.kinds import ALL_SCALARS, Kinds
from pde.grids.outputs import Borders, outputs_of, told
from pde.grids.symmetries import Symmetry, generators, group
from pde.metrics.norms import mean_errors
from pde.metrics.quantities import errors_of_quantities
from pde.preprocessing.batches import in_batches
from pde.preprocessing.input_transform import InputTransform, Pair
from pde.preprocessing.normalisation import Normalisation
from pde.preprocessing.view import View
from pde.runs.build import split
from pde.runs.checkpoints import Checkpoints, Position
from pde.runs.config import TrainingConfig
from pde.runs.description import Description, describe
from pde.runs.run import Run, described
from pde.surrogates.arguments import as_numbers, as_samples, check_points
from pde.surrogates.extrapolation import warn
from pde.surrogates.forward import compiled
from pde.surrogates.resampling import carried, relaxed
from pde.system.errors import InputError
from pde.system.files import folder_aside, refuse_existing

_COEFFICIENT = View(inputs=("coefficient",))
Mode = Literal["auto", "direct", "resample"]
Fields = Float[np.ndarray, "sample *grid channel"]
Seen = Float[np.ndarray, "sample *_ channel"]
"""The model's inputs, on a finer grid than its solutions if it makes a coarse equation."""
Extended = Float[np.ndarray, "sample *new_grid channel"]


class Surrogate:
    """A trained model with its view, normalisation and training grid, as a function of physical fields.

        surrogate = pde.load("run")
        u = surrogate(a)  # on the nodes that a lies on: (height, width), or (sample, height, width)
        gradient = jax.grad(lambda a: surrogate(a)[30, 30])(jnp.asarray(a))

    NumPy arrays give NumPy arrays, computed in batches. JAX arrays give JAX arrays, through a pure function that
    can be jitted, mapped and, unless it sees coarse solutions (informed strided or upscaled), differentiated with
    respect to the fields; the values of traced fields are not checked. Either is compiled once for a grid and a
    number of samples. Values outside of the training data draw a warning.

    With `symmetric`, a prediction is the mean over the flips and transposes that the model was trained under, as
    far as the grid that it runs on has them. The mean commutes with these symmetries, is more accurate, and takes
    up to eight times as long.
    """

    def __init__(
        self,
        model: nnx.Module,
        *,
        grid: Grid,
        normalisation: Normalisation,
        view: View = _COEFFICIENT,
        symmetries: tuple[str, ...] = (),
        symmetric: bool = False,
        data: str = "unnamed data",
        outputs: Sequence[str] = ("solution",),
        boundary: Borders = "unknown",
        kinds: Kinds = ALL_SCALARS,
    ):
        """Make a surrogate of a model that a loop of your own has trained.

        Args:
            model: the trained model, of `manojax.create` or a subclass of `manojax.Operator`.
            grid: the grid that it was trained on.
            normalisation: the normalisation that it was trained with.
            view: the fields that it sees; the model itself says if it sees averages of them.
            symmetries: generators (`pde.grids.symmetries.GENERATORS`) of the symmetries that it was trained under.
            symmetric: predict by the mean over these symmetries.
            data: name of the training data.
            outputs: names of the fields that the model makes.
            boundary, kinds: their borders, and the vectors and pseudoscalars among inputs and outputs.

        Raises:
            InputError: the model does not record its configuration, its anchors are not the points of the grid, or
                borders do not fit the outputs.
        """
        made = outputs_of(outputs, boundary, len(grid.axes), grid.rings)
        self.run = describe(model, grid, normalisation, view, symmetries, data, made, kinds)
        self.graph, self.params = split(model)
        self.epoch, self.symmetric = 0, symmetric

    @classmethod
    def of(
        cls, run: Description, graph: nnx.GraphDef, params: Any, epoch: int, *, symmetric: bool = False
    ) -> "Surrogate":
        """Make a surrogate from a description, its structure (`Description.build`) and its parameters."""
        made = cls.__new__(cls)
        made.run, made.graph, made.params, made.epoch = run, graph, params, epoch
        made.symmetric = symmetric
        return made

    def told(self, data: DataFile) -> "Surrogate":
        """Return a surrogate that also knows the borders that a data set states and the training data did not."""
        run, outputs = self.run, told(self.run.outputs, data.outputs)
        if outputs == run.outputs:
            return self
        run = dataclasses.replace(
            run, outputs=outputs, grid=dataclasses.replace(run.grid, domain=data.grid.domain)
        )
        return Surrogate.of(run, self.graph, self.params, self.epoch, symmetric=self.symmetric)

    @property
    def training(self) -> TrainingConfig:
        """The settings of the training.

        Raises:
            InputError: the model was not trained by `pde.train`.
        """
        if isinstance(self.run, Run):
            return self.run.training
        raise InputError("the surrogate was not trained by pde.train, so its settings are not known")

    def save(self, folder: str | Path) -> None:
        """Save as a folder that `load`, and every command but `train --resume`, takes as a run.

        The folder holds the model without its training history, which stays where it was written.

        Raises:
            InputError: the folder exists or cannot be written.
        """
        folder = Path(folder)
        refuse_existing(folder)
        known = {each.name: getattr(self.run, each.name) for each in dataclasses.fields(Description)}
        description = Description(**known)
        if description.model.startswith("__main__:"):
            said = f"{description.model} will not load elsewhere; put the class into a module"
            print(f"manojax: {said}", file=sys.stderr)
        with folder_aside(folder) as aside:
            description.save(aside)
            with Checkpoints(aside, description.seal) as checkpoints:
                checkpoints.save(self.epoch, self.params, None, Position(self.epoch))

    def __call__(
        self, fields: Shaped[AnyArray, "*shape"] | list[Any], grid: Grid | None = None, *, mode: Mode = "auto"
    ) -> Float[AnyArray, "*_"]:
        """Return the outputs, such as the solution, on the grid of the input fields.

        Args:
            fields: (*grid) or (sample, *grid) of one input, (*grid, channel) of several, or (sample, *grid,
                channel), where the grid has as many axes as the training grid, such as (height, width).
            grid: grid of the fields. By default the training grid or, if this has equally spaced nodes or cell
                centres of its domain, the same kind of grid with as many points as the fields.
            mode: direct or resample, see `predict` and `resample`; auto is direct on the training grid, on finer
                ones what did better in training's own validation there, else resample.

        Returns:
            One output in the shape of the fields, with one channel if they have channels; several outputs with a
            channel for each.

        Raises:
            InputError: fields of another shape, not of real numbers, without samples or, unless JAX traces them,
                not finite; or an unknown mode; else as `predict`.
        """
        expected = self.run.view.inputs, len(self.run.grid.axes), len(self.run.outputs)
        samples, shape = as_samples(as_numbers(fields), *expected)
        grid = self.run.grid.of_shape(samples.shape[1:-1]) if grid is None else grid
        check_points(samples, grid)
        if not isinstance(samples, Tracer):
            warn(self.run, samples)
        predicted: Any = self.predict_in(mode, samples, grid)
        return predicted.reshape(shape)

    def predict_in(
        self, mode: Mode, inputs: Float[AnyArray, "sample *grid channel"], grid: Grid
    ) -> Float[AnyArray, "sample *grid output"]:
        """Return the outputs on the grid of the inputs in one of the modes of a call.

        Raises:
            InputError: an unknown mode; else as `predict`.
        """
        mode = self.run.mode_for(grid) if mode == "auto" else mode
        if mode not in ("direct", "resample"):
            raise InputError(f"mode {mode!r}: give auto, direct or resample")
        return self.predict(inputs, grid) if mode == "direct" else self.resample(inputs, grid)[0]

    def predict(
        self, inputs: Float[AnyArray, "sample *grid channel"], grid: Grid, on: Grid | None = None
    ) -> Float[AnyArray, "sample *new_grid output"]:
        """Run the model **directly** on a grid, whatever its training grid.

        By default the model is held at its training grid (`Anchored`), and sees a finer one through averages.

        Args:
            inputs: input fields, one channel each, on `grid`: as fine as they are known.
            grid: grid of the inputs.
            on: grid on which the model runs and sees the inputs as in training; by default `grid`.

        Raises:
            InputError: inputs or grids that the model cannot see as it did in training; a symmetric
                surrogate without symmetries on the grid.
            ArithmeticError: a coarse solve inside the model did not converge.
        """
        transform = InputTransform(self.run.view, grid, on or grid)
        if isinstance(inputs, Array):
            return self._apply(inputs, transform.grid, transform)
        transform.check(inputs)
        predicted = self._apply(inputs, transform.grid, transform)
        if self.run.view.informed != "none" and np.isnan(predicted).any():  # from a solve or the model?
            transform.check_solved(predicted if self.run.view.learns_equation else transform.seen(inputs))
        return predicted

    def resample(
        self, inputs: Float[AnyArray, "sample *grid channel"], grid: Grid, on: Grid | None = None
    ) -> tuple[Float[AnyArray, "sample *new_grid output"], bool]:
        """Predict on the training grid and `carry` the prediction to `on`, by default `grid`.

        The model sees the inputs from the training grid as in training. If the grids are not nested, values at its
        points are those at the nearest points of `grid`; the second result says whether they are nested.
        """
        predicted = self.predict(inputs, grid, self.run.grid)
        return self.carry(predicted, inputs, grid, on or grid), self.nested(grid)

    def carry(
        self,
        predicted: Float[AnyArray, "sample *grid output"],
        inputs: Float[AnyArray, "sample *source channel"],
        grid: Grid,
        on: Grid,
    ) -> Float[AnyArray, "sample *new_grid output"]:
        """Interpolate predictions on the training grid by cubic splines to `on`.

        The splines use the borders of the outputs, as far as they are known. A model that makes a coarse equation
        of the inputs on `on` itself also gets the details between its own nodes that the coefficient causes there
        (`pde.surrogates.resampling.relaxed`).
        """
        spread = carried(predicted, self.run.grid, on, self.run.outputs)
        if self.run.view.learns_equation and on.matches(grid):
            return relaxed(spread, inputs, self.run.grid, on)
        return spread

    def nested(self, grid: Grid) -> bool:
        """Tell if the points of the training grid are points of a grid, so that inputs there are known exactly."""
        return nearest(grid.axes, self.run.grid.axes)[-1]

    def errors(self, blocks: Iterable[Pair]) -> dict[str, float]:
        """Compute mean relative errors on the training grid, from blocks of samples as the model sees them."""
        return mean_errors([self.sample_errors(*block) for block in blocks])

    def sample_errors(
        self, seen: Seen, outputs: Float[np.ndarray, "sample *grid output"]
    ) -> dict[str, Float[np.ndarray, " sample"]]:
        """Compute the relative errors of every sample on the training grid."""
        return errors_of_quantities(self.predict_seen(seen), outputs, self.run.quantities, self.run.grid)

    def predict_seen(self, seen: Seen) -> Float[np.ndarray, "sample *grid output"]:
        """Predict on the training grid from the model's inputs there, in the scale of the model."""
        return self._apply(seen, self.run.grid)

    def _apply(
        self, fields: Float[AnyArray, "sample *_ channel"], grid: Grid, transform: InputTransform | None = None
    ) -> Float[AnyArray, "sample *new_grid output"]:
        chosen = self._symmetries(grid) if self.symmetric else ()
        pure = self.graph, self.run.normalisation, transform, chosen, self.run.channels
        coordinates = self.run.normalisation.coordinates(grid)

        def apply(batch: Any) -> Array:
            return compiled(*pure, self.params, batch, coordinates)

        return apply(fields) if isinstance(fields, Array) else in_batches(apply, fields, grid)

    def _symmetries(self, grid: Grid) -> tuple[Symmetry, ...]:
        if not self.run.symmetries:
            raise InputError("--symmetries: the run was trained under none; leave it out or train with them")
        chosen = tuple(group(set(self.run.symmetries) & set(generators(grid))))
        if len(chosen) == 1:
            trained = ", ".join(self.run.symmetries)
            raise InputError(f"--symmetries: the grid has none of those of the training ({trained}); leave it out")
        return chosen


def load(folder: str | Path, *, symmetric: bool = False) -> Surrogate:
    """Load a saved run: its best checkpoint if there were validation samples, else its last.

    Raises:
        InputError: no such run, or no checkpoint in it.
    """
    run = described(Path(folder))
    graph, params = run.build()
    with Checkpoints(Path(folder), run.seal, create=False) as checkpoints:
        params, epoch = checkpoints.restore_best(params)
    return Surrogate.of(run, graph, params, epoch, symmetric=symmetric)
