"""Input fields given on one grid, as a model sees them on the points of another."""

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.data.data_file import DataFile
from pde.data.readers.contents import Selection
from pde.equations.darcy.coarse_channels import coarse_solutions, stride_between
from pde.grids.grid import Grid
from pde.grids.restriction import at_points, cell_means
from pde.preprocessing.batches import in_batches
from pde.preprocessing.scale import sizes, solution_scale
from pde.preprocessing.view import View
from pde.solvers.checks import check_spacings
from pde.solvers.upscaling import check_stride
from pde.system.errors import InputError

Fields = Float[np.ndarray, "sample *_ _"]
Pair = tuple[Float[np.ndarray, "sample *_ channel"], Float[np.ndarray, "sample *grid output"]]
"""Samples as the model sees them, and the outputs that it should make of them on its grid."""


@dataclass(frozen=True)
class InputTransform:
    """A pure function from fields to the model's inputs, compiled with the model; equal transforms share a
    program.

    The channels are the restricted inputs (`pde.grids.restriction`), then coarse solutions
    (`pde.equations.darcy.coarse_channels`). A model that makes a coarse equation takes the fields as they are.

    Where the view has a scaling, all of this is done with the ratios of the fields to their mean absolute values
    (`pde.preprocessing.scale`). The means are taken over all points on which the fields are given, so they are
    the same whatever the grid of the model.
    """

    view: View
    source: Grid
    """Grid on which the fields are given."""
    grid: Grid
    """Grid on which the model sees them."""

    def check(self, fields: Float[np.ndarray, "sample *source channel"]) -> None:
        """Raise InputError for values that the view cannot take."""
        if self.view.restriction == "means" and not (fields > 0).all():
            raise InputError("--restriction means: harmonic means need positive inputs; train with stride")
        if self.view.informed == "none":
            return
        if self.view.learns_equation and self.view.restriction == "means":
            raise InputError(
                f"--informed {self.view.informed} sees the file's own fields; leave --restriction out"
            )
        if self.view.learns_equation and self.view.scaling:
            raise InputError(
                f"--informed {self.view.informed} scales as its equation by itself; leave --scale-free out"
            )
        if not (fields > 0).all():
            raise InputError(
                "--informed: the solver needs a coefficient that is positive everywhere; mend the file"
            )

    def seen(self, fields: Fields) -> Fields:
        """Return the model's inputs for these fields, computed in batches."""
        if self.view.learns_equation:
            self._check_nodes()
            return fields
        return in_batches(functools.partial(_transformed, self), fields, self.grid)

    def check_solved(self, seen: Fields) -> None:
        """Raise ArithmeticError where a coarse solve left NaN."""
        if np.isnan(seen).any():
            raise ArithmeticError(
                "a coarse solve did not converge; lower the contrast, or train without --informed"
            )

    def __call__(self, fields: Float[Array, "sample *source channel"]) -> Float[Array, "sample *_ channels"]:
        if self.view.scaling:
            fields = fields / sizes(fields)
        if self.view.learns_equation:
            self._check_nodes()
            return fields
        restricted = at_points if self.view.restriction == "stride" else cell_means
        seen = restricted(fields, self.source, self.grid)
        if self.view.informed == "none":
            return seen
        solutions = coarse_solutions(fields, self.source, self.grid, self.view.informed)
        return jnp.concatenate([seen, solutions.astype(seen.dtype)], axis=-1)

    def scale(self, fields: Float[AnyArray, "sample *grid channel"]) -> Float[Array, " sample *ones"]:
        """Return the factor from the solution that the model makes of each sample to the physical one."""
        if self.view.scaling:
            return solution_scale(fields, self.view.scaling)
        return jnp.ones((fields.shape[0], *[1] * (fields.ndim - 1)), jnp.float32)

    def _check_nodes(self) -> None:
        """Raise InputError unless the solver takes both grids, one a stride of the other."""
        check_spacings(self.source, len(self.source.axes))
        check_stride(self.source.shape, stride_between(self.source, self.grid, self.view.informed))


def read_pairs(data: DataFile, samples: Selection, view: View, grid: Grid) -> Pair:
    """Return the model's inputs for samples of a file, and the outputs that it should make of them, on a stride of
    the file's grid.

    Raises:
        InputError: data or a grid that the view cannot take.
    """
    stride = data.stride_to(grid.shape[0])
    if view.restriction == "stride" and view.informed == "none" and not view.scaling:
        return data.read_inputs(samples, stride), data.read_outputs(samples, stride)
    transform, seen, scales = InputTransform(view, data.grid, grid), [], []
    for block in data.pieces(samples):
        fields = data.read_inputs(block)
        transform.check(fields)
        seen.append(transform.seen(fields))
        transform.check_solved(seen[-1])
        scales.append(np.asarray(transform.scale(fields)))
    return np.concatenate(seen), data.read_outputs(samples, stride) / np.concatenate(scales)


@functools.partial(jax.jit, static_argnums=0)
def _transformed(transform: InputTransform, fields: Array) -> Array:
    return transform(fields)
