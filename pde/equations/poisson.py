"""Poisson's equation, -Laplace u = f on the unit square with u = 0 on the border, for a random source f.

The scheme has five points on nodes, borders included. Products of sines are its eigenfunctions, so a sine
transform along each axis, a division by the eigenvalues and the inverse transforms are a direct solve.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.fft import dstn

from pde.equations.equation import Equation, Field, Solution
from pde.grids.grid import Grid
from pde.grids.restriction import cell_weights
from pde.random_fields.gaussian import check_options, describe_field, gaussian_field
from pde.solvers.checks import check_spacing, check_zero_border
from pde.solvers.residual import relative_residual
from pde.solvers.side_by_side import in_order
from pde.system.errors import InputError

Fields = Float[np.ndarray, "sample height width"]


@dataclass(frozen=True)
class Poisson:
    """A law of sources, the Gaussian field of `pde.random_fields.gaussian`, and the grid on which the equation is
    solved.

    Raises:
        InputError: an option outside its range.
    """

    inputs: ClassVar[tuple[str, ...]] = ("source",)
    resolution: int = 421
    """Number of nodes along each side, borders included."""
    alpha: float = 2.0
    """Smoothness of the source: its covariance goes as (-Laplace + tau^2)^(-alpha)."""
    tau: float = 3.0
    """Inverse length scale of the source."""

    def __post_init__(self):
        if self.resolution < 3:
            raise InputError(f"--resolution {self.resolution} must be at least 3: two borders and a node between")
        check_options(self.alpha, self.tau)

    @property
    def grid(self) -> Grid:
        points = np.linspace(0, 1, self.resolution)
        return Grid(points, points, boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        return {
            "equation": "-Laplace u = f on the unit square, u = 0 on the border",
            "law": f"f {describe_field(self.alpha, self.tau)}",
            "scheme": "five points on nodes, direct solve by sine transforms, float64, stored as float32",
        }

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order: source, solution and its relative residual.

        Raises:
            ArithmeticError: a solution too small for float32.
        """
        return in_order(lambda index: self._sample(seed, index), indices)

    def _sample(self, seed: int, index: int) -> dict[str, np.ndarray]:
        with jax.enable_x64(True):
            source = np.asarray(_source(self, jax.random.key(seed), index))
        solution = solve_poisson(source, self.grid)
        if np.abs(solution).max() < np.finfo(np.float32).tiny:
            raise ArithmeticError(f"sample {index}: the source is too small for float32; lower --alpha")
        [residual] = _residual(source[None], solution[None], self.grid)
        return {"source": source, "solution": solution, "residual": residual}


@functools.partial(jax.jit, static_argnums=0)
def _source(problem: Poisson, key: Array, index: Array | int) -> Array:
    return gaussian_field(jax.random.fold_in(key, index), problem.grid.shape, alpha=problem.alpha, tau=problem.tau)


def solve_poisson(source: Field, grid: Grid) -> Field:
    """The finite-difference solution on a grid of equally spaced nodes, float64.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced.
    """
    along_x, along_y = (
        (2 / h * np.sin(np.pi / 2 * np.arange(1, n - 1) / (n - 1))) ** 2
        for n, h in zip(grid.shape, check_spacing(grid), strict=True)
    )
    eigenvalues = along_x[:, None] + along_y[None, :]
    return np.pad(_in_sines(_in_sines(source[1:-1, 1:-1].astype(np.float64)) / eigenvalues), 1)


_in_sines: Any = functools.partial(dstn, type=1, norm="ortho")  # its own inverse


def _solve_averaged(source: Field, grid: Grid, stride: int) -> Solution:
    """Solve with a coarse source: the mean of the fine one over the cell of each coarse node."""
    coarse = grid.strided(stride)
    rows, columns = cell_weights(grid, coarse)
    return solve_poisson(rows @ source @ columns.T, coarse)


def _check(source: Fields, grid: Grid) -> None:
    check_zero_border(grid)
    check_spacing(grid)


def _residual(source: Fields, solution: Fields, grid: Grid) -> Float[np.ndarray, " sample"]:
    return relative_residual(np.ones_like(source), solution, grid, source)


POISSON = Equation(
    problem=Poisson,
    formula="-Laplace u = f",
    assumed="f = `source` is assumed",
    check=_check,
    strided={"strided": solve_poisson},
    fine={"averaged": _solve_averaged},
    residual=_residual,
    scaling={"source": 1.0},
)
