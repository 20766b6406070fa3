"""Darcy flow on an interval, -(a u')' = 1 with u = 0 at both ends, for a random a.

The scheme has harmonic faces, and its solution is a sum (`pde.solvers.line`): no iteration, and so no residual.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.equations.darcy.law import RandomCoefficient
from pde.equations.equation import Equation
from pde.grids.grid import Grid
from pde.grids.outputs import Output
from pde.random_fields.coefficients import check
from pde.solvers.checks import check_spacings
from pde.solvers.conductances import Faces
from pde.solvers.line import edges_in_series, edges_of, solve_line
from pde.solvers.side_by_side import batches, padded
from pde.solvers.upscaling import check_stride
from pde.system.errors import InputError

_BATCH = 64
"""Samples that one program solves."""


@dataclass(frozen=True)
class DarcyLine(RandomCoefficient):
    """The law of the coefficients, and the grid on which the equation is solved.

    Raises:
        InputError: an option outside its range, or one that belongs to another law.
    """

    has_residual: ClassVar[bool] = False

    @property
    def grid(self) -> Grid:
        return Grid((np.linspace(0, 1, self.resolution),), domain=(0.0, 1.0))

    @property
    def outputs(self) -> tuple[Output, ...]:
        return (Output("solution", ("zero",)),)

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        return {
            "equation": "-(a u')' = 1 on the unit interval, u = 0 at both ends",
            "law": self.describe_law(axes=1),
            "scheme": "three points on nodes, harmonic faces, direct, float64, stored as float32",
        }

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order: coefficient and solution (points,), float64.

        Raises:
            ArithmeticError: the coefficient is not positive and finite.
            InputError: the law returns a shape other than the field's.
        """
        for batch in batches(indices, _BATCH):
            with jax.enable_x64(True):
                drawn, solved = map(np.asarray, _samples(self, seed, jnp.asarray(padded(batch, _BATCH))))
            for index, coefficient, solution in zip(batch, drawn, solved, strict=False):
                yield {"coefficient": check(coefficient, f"sample {index}"), "solution": solution}


@functools.partial(jax.jit, static_argnums=0)
@functools.partial(jax.vmap, in_axes=(None, None, 0))
def _samples(problem: DarcyLine, seed: Array | int, index: Array | int) -> tuple[Array, Array]:
    coefficient = problem.draw(seed, index, problem.grid.shape)
    return coefficient, _with_unit_source(edges_of(coefficient, "harmonic"), 1 / (problem.resolution - 1))


def _with_unit_source(edges: Float[Array, " edge"], spacing: float) -> Float[Array, " edge+1"]:
    return solve_line(edges, jnp.ones(len(edges) + 1, edges.dtype), spacing)


def _solved(
    edges_from: Callable[[Array], Array], coefficient: Float[np.ndarray, " node"], spacing: float
) -> Float[np.ndarray, " coarse_node"]:
    with jax.enable_x64(True):
        a = jnp.asarray(coefficient, jnp.float64)
        return np.asarray(_with_unit_source(edges_from(a), spacing))


def _strided(coefficient: Float[np.ndarray, " node"], grid: Grid, faces: Faces) -> Float[np.ndarray, " node"]:
    (spacing,) = check_spacings(grid, 1)
    return _solved(functools.partial(edges_of, faces=faces), coefficient, spacing)


def _upscaled(coefficient: Float[np.ndarray, " node"], grid: Grid, stride: int) -> Float[np.ndarray, " coarse"]:
    (spacing,) = check_spacings(grid, 1)
    check_stride(grid.shape, stride)
    return _solved(functools.partial(edges_in_series, stride=stride), coefficient, stride * spacing)


def _check(coefficient: Float[np.ndarray, "sample node"], grid: Grid) -> None:
    """Raise InputError unless the equation can be solved for these coefficients on the grid."""
    if not (coefficient > 0).all():
        raise InputError(
            "the coefficient is not positive everywhere, so it only marks the phases of an unknown one"
        )
    check_spacings(grid, 1)


DARCY_LINE = Equation(
    problem=DarcyLine,
    formula="-(a u')' = f",
    assumed="f = 1 is assumed",
    check=_check,
    strided={name: functools.partial(_strided, faces=name) for name in ("harmonic", "arithmetic")},
    fine={"upscaled": _upscaled},
    scaling={"coefficient": -1.0},
)
"""Darcy flow on an interval. Its schemes are named by their faces: those of the strided coefficient, or the fine
faces along a coarse edge in series."""
