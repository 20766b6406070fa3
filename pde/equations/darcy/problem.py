"""Darcy flow, -div(a grad u) = 1 on the unit square with u = 0 on the border, for a random a.

The default is the published two-phase benchmark (Li et al., arXiv 2010.08895, appendix A.3) in its plainest
discretisation: all fields are on nodes, borders included, and faces take arithmetic means. With `canonical` it is
solved by the published procedure.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from tyro.conf import FlagCreatePairsOff

from pde.equations.darcy.canonical import cell_centres, solve_canonical
from pde.equations.darcy.law import RandomCoefficient
from pde.grids.grid import Centring, Grid
from pde.grids.outputs import Output
from pde.random_fields.coefficients import check
from pde.random_fields.gaussian import check_options
from pde.solvers.checks import check_solvable, converged
from pde.solvers.conjugate_gradients import Solve
from pde.solvers.elliptic import solve
from pde.solvers.on_grid import solve_on
from pde.solvers.side_by_side import batch_size, batches, in_order, padded
from pde.system.errors import InputError

_SCHEMES = {
    "nodes": "five points on nodes, arithmetic faces",
    "cells": (
        "canonical, as solve_gwf.m of Li et al.: not-a-knot cubic spline of the coefficient to as many nodes, "
        "five points, arithmetic faces, direct solve, the same spline of the solution back"
    ),
}


@dataclass(frozen=True)
class Darcy(RandomCoefficient):
    """The law of the coefficients, and the grid on which the equation is solved.

    The coefficient a is a function of a Gaussian field g: a law of `pde.random_fields`, given by its name and
    options, or in Python any function, `Darcy(coefficient=function)`.

    Raises:
        InputError: an option outside its range, or one that belongs to another law.
    """

    has_residual: ClassVar[bool] = True
    lengths: tuple[float, float] = (1.0, 1.0)
    """Factors that stretch the correlation of the field along x and y; its variance stays about the same."""
    canonical: FlagCreatePairsOff[bool] = False
    """Follow the procedure of the published data on 421 x 421 points: cell centres, splines to nodes and back, and
    a direct solve."""
    tolerance: ClassVar[float] = 1e-10
    """Relative residual of the solver."""

    def __post_init__(self):
        super().__post_init__()
        if self.canonical and self.resolution < 4:
            raise InputError(
                f"--resolution {self.resolution} must be at least 4 with --canonical: its spline is cubic"
            )
        check_options(self.alpha, self.tau, self.lengths)

    @property
    def centring(self) -> Centring:
        """Kind of the points: nodes or cell centres."""
        return "cells" if self.canonical else "nodes"

    @property
    def grid(self) -> Grid:
        points = cell_centres(self.resolution) if self.canonical else np.linspace(0, 1, self.resolution)
        return Grid((points, points), domain=(0.0, 1.0, 0.0, 1.0))

    @property
    def outputs(self) -> tuple[Output, ...]:
        return (Output("solution", ("zero", "zero")),)

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        return {
            "equation": "-div(a grad u) = 1 on the unit square, u = 0 on the border",
            "law": self.describe_law(self.lengths, self.centring),
            "scheme": f"{_SCHEMES[self.centring]}, float64, stored as float32",
            "tolerance": self.tolerance,
        }

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order, solved side by side (`pde.solvers.side_by_side`); see `sample`."""
        size = 1 if self.canonical else batch_size(self.resolution**2)
        for batch in in_order(lambda batch: self._batch(seed, batch, size), batches(indices, size)):
            yield from batch

    def sample(self, seed: int, index: int) -> dict[str, np.ndarray]:
        """Sample `index` of a seed: coefficient and solution (height, width) and the attained residual, float64.

        Its bits depend only on seed, index and machine.

        Raises:
            ArithmeticError: the coefficient is not positive and finite, or the solver did not converge.
            InputError: the law returns a shape other than the field's.
        """
        return next(self.samples(seed, range(index, index + 1)))

    def _batch(self, seed: int, indices: range, size: int) -> list[dict[str, np.ndarray]]:
        with jax.enable_x64(True):
            if size == 1:
                draw = _canonical_sample if self.canonical else _sample
                fields = jax.tree.map(lambda x: np.asarray(x)[None], draw(self, seed, indices[0]))
            else:
                fields = jax.tree.map(np.asarray, _samples(self, seed, jnp.asarray(padded(indices, size))))
        coefficient, solved = fields
        return [
            {
                "coefficient": check(coefficient[place], f"sample {index}"),
                "solution": converged(Solve(*(part[place] for part in solved)), f"sample {index}"),
                "residual": solved.residual[place],
            }
            for place, index in enumerate(indices)
        ]


@functools.partial(jax.jit, static_argnums=0)
def _coefficient(problem: Darcy, seed: Array | int, index: Array | int) -> Array:
    shape = problem.resolution, problem.resolution
    return problem.draw(seed, index, shape, problem.lengths, problem.centring)


@functools.partial(jax.jit, static_argnums=0)
def _sample(problem: Darcy, seed: Array | int, index: Array | int) -> tuple[Array, Solve]:
    coefficient = _coefficient(problem, seed, index)
    spacing = 1 / (problem.resolution - 1)
    source = jnp.ones_like(coefficient)
    return coefficient, solve(coefficient, source, spacing=(spacing, spacing), tolerance=problem.tolerance)


_samples = jax.jit(jax.vmap(_sample, in_axes=(None, None, 0)), static_argnums=0)


def _canonical_sample(problem: Darcy, seed: int, index: int) -> tuple[Array, Solve]:
    coefficient = _coefficient(problem, seed, index)
    check(np.asarray(coefficient), f"sample {index}")  # otherwise its spline would fail
    return coefficient, solve_canonical(coefficient, tolerance=problem.tolerance)


def solve_darcy(coefficient: Float[np.ndarray, "height width"], grid: Grid) -> Float[np.ndarray, "height width"]:
    """The finite-difference solution for one coefficient on a grid of equally spaced nodes, float64.

    On a strided coefficient this is the coarse solve: the plain baseline for a surrogate on that grid.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
        ArithmeticError: the solver did not converge.
    """
    check_solvable(coefficient, grid)
    return solve_on(grid, coefficient, np.ones(coefficient.shape))
