"""Darcy flow, -div(a grad u) = 1 on the unit square with u = 0 on the border, for a random two-phase a.

The published benchmark (Li et al., arXiv 2010.08895, appendix A.3) in its plainest discretisation: everything
lives on nodes, borders included, and faces carry arithmetic means; or, as `canonical`, by the published procedure.
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

from pde.canonical import cell_centres, solve_canonical
from pde.conductances import Centring
from pde.conjugate_gradients import Solve
from pde.elliptic import solve
from pde.errors import InputError
from pde.grid import Grid
from pde.random_fields import gaussian_field
from pde.scheduling import batch_size, batches, in_order, padded

_SCHEMES = {
    "nodes": "five points on nodes, arithmetic faces",
    "cells": (
        "canonical, as solve_gwf.m of Li et al.: not-a-knot cubic spline of the coefficient to as many nodes, "
        "five points, arithmetic faces, direct solve, the same spline of the solution back"
    ),
}


@dataclass(frozen=True)
class Darcy:
    """A law of coefficients and the grid on which the equation is solved.

    a = contrast_high where g >= 0 and contrast_low where g < 0, for the Gaussian field g with covariance
    tau^(2 alpha - 2) (-Laplace + tau^2 I)^(-alpha) of `pde.random_fields`.

    Raises:
        InputError: an option outside its range.
    """

    resolution: int = 421
    """Nodes a side, borders included; with --canonical cells a side."""
    contrast_high: float = 12.0
    """Coefficient where the Gaussian field is positive or zero."""
    contrast_low: float = 3.0
    """Coefficient where the Gaussian field is negative."""
    alpha: float = 2.0
    """Smoothness of the Gaussian field: the power of its covariance."""
    tau: float = 3.0
    """Inverse length scale of the Gaussian field."""
    canonical: bool = False
    """The procedure of the published 421 sets: on cell centres, by splines to nodes and back, direct solve."""
    tolerance: ClassVar[float] = 1e-10
    """Relative residual of the solver."""

    def __post_init__(self):
        if self.resolution < 3:
            raise InputError(f"--resolution {self.resolution} must be at least 3: two borders and a node between")
        if self.canonical and self.resolution < 4:
            raise InputError(
                f"--resolution {self.resolution} must be at least 4 with --canonical: its spline is cubic"
            )
        for field in ("contrast_high", "contrast_low", "alpha", "tau"):
            value = getattr(self, field)
            if not 0 < value < np.inf:
                raise InputError(f"--{field.replace('_', '-')} {value} must be positive and finite")

    @property
    def centring(self) -> Centring:
        """What the points are."""
        return "cells" if self.canonical else "nodes"

    @property
    def grid(self) -> Grid:
        points = cell_centres(self.resolution) if self.canonical else np.linspace(0, 1, self.resolution)
        return Grid(points, points, boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))

    def attributes(self) -> dict[str, str | float]:
        """What a data file says of its origin."""
        return {
            "equation": "-div(a grad u) = 1 on the unit square, u = 0 on the border",
            "law": (
                f"a = {self.contrast_high:g} where g >= 0, {self.contrast_low:g} where g < 0; "
                f"g Gaussian, covariance tau^(2 alpha - 2) (-Laplace + tau^2)^(-alpha), Neumann, "
                f"alpha = {self.alpha:g}, tau = {self.tau:g}, cosine series on {self.centring}"
            ),
            "scheme": f"{_SCHEMES[self.centring]}, float64, stored as float32",
            "tolerance": self.tolerance,
        }

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order, solved side by side (`pde.scheduling`); see `sample`."""
        size = 1 if self.canonical else batch_size(self.resolution**2)
        for batch in in_order(lambda batch: self._batch(seed, batch, size), batches(indices, size)):
            yield from batch

    def sample(self, seed: int, index: int) -> dict[str, np.ndarray]:
        """Sample `index` of a seed: coefficient and solution (height, width) and the attained residual, float64.

        Its bits depend on seed, index and machine alone.

        Raises:
            ArithmeticError: the solver did not converge.
        """
        return next(self.samples(seed, range(index, index + 1)))

    def _batch(self, seed: int, indices: range, size: int) -> list[dict[str, np.ndarray]]:
        with jax.enable_x64(True):
            key = jax.random.key(seed)
            if size == 1:
                draw = _canonical_sample if self.canonical else _sample
                fields = jax.tree.map(lambda x: np.asarray(x)[None], draw(self, key, indices[0]))
            else:
                fields = _samples(self, key, jnp.asarray(padded(indices, size)))
        coefficient, solved = jax.tree.map(np.asarray, fields)
        return [
            {
                "coefficient": coefficient[place],
                "solution": converged(Solve(*(part[place] for part in solved)), f"sample {index}"),
                "residual": solved.residual[place],
            }
            for place, index in enumerate(indices)
        ]


@functools.partial(jax.jit, static_argnums=0)
def _coefficient(law: Darcy, key: Array, index: Array | int) -> Array:
    shape = (law.resolution, law.resolution)
    key = jax.random.fold_in(key, index)
    field = gaussian_field(key, shape, alpha=law.alpha, tau=law.tau, centring=law.centring)
    return jnp.where(field >= 0, law.contrast_high, law.contrast_low)


@functools.partial(jax.jit, static_argnums=0)
def _sample(law: Darcy, key: Array, index: Array | int) -> tuple[Array, Solve]:
    coefficient = _coefficient(law, key, index)
    spacing = 1 / (law.resolution - 1)
    source = jnp.ones_like(coefficient)
    return coefficient, solve(coefficient, source, spacing=(spacing, spacing), tolerance=law.tolerance)


def _canonical_sample(law: Darcy, key: Array, index: int) -> tuple[Array, Solve]:
    coefficient = _coefficient(law, key, index)
    return coefficient, solve_canonical(coefficient, tolerance=law.tolerance)


_samples = jax.jit(jax.vmap(_sample, in_axes=(None, None, 0)), static_argnums=0)


def solve_darcy(coefficient: Float[np.ndarray, "height width"], grid: Grid) -> Float[np.ndarray, "height width"]:
    """The finite-difference solution for one coefficient on a grid of equally spaced nodes, float64.

    On a strided coefficient this is the coarse solve: the plain baseline for a surrogate on that grid.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
        ArithmeticError: the solver did not converge.
    """
    spacing = check_solvable(coefficient, grid)
    with jax.enable_x64(True):
        a = jnp.asarray(coefficient, jnp.float64)
        return converged(_solve(a, jnp.ones_like(a), spacing=spacing), "the solve")


_solve = jax.jit(solve, static_argnames=("spacing", "tolerance", "max_iterations"))


def check_solvable(coefficient: Float[np.ndarray, "height width"], grid: Grid) -> tuple[float, float]:
    """The spacing along each axis of a grid on which the solver takes this coefficient.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced, or a coefficient that is not
            positive.
    """
    steps = np.diff(grid.x), np.diff(grid.y)
    if not grid.on_nodes or any(np.ptp(step) > 1e-3 * step.mean() for step in steps):
        raise InputError("the solver needs equally spaced nodes, borders included")
    if not (coefficient > 0).all():
        raise InputError("coefficient must be positive everywhere")
    return float(steps[0].mean()), float(steps[1].mean())


def converged(solved: Solve, name: str) -> np.ndarray:
    """The solution as an array.

    Raises:
        ArithmeticError: the solver gave up.
    """
    if not solved.converged:
        raise ArithmeticError(
            f"{name} did not converge: relative residual {float(solved.residual):.1e} "
            f"after {int(solved.iterations)} iterations; lower the contrast"
        )
    return np.asarray(solved.solution)
