"""Poisson's equation, -Laplace u = f on the unit square with u = 0 on the border, for a random source f.

The scheme has five points on nodes, borders included, and is solved directly in sines.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jax import Array
from jaxtyping import Float

from pde.equations.equation import Field, Solution
from pde.equations.unit_square import UnitSquare
from pde.grids.grid import Grid
from pde.grids.restriction import cell_weights
from pde.random_fields.gaussian import check_options, describe_field, gaussian_field
from pde.solvers.residual import relative_residual
from pde.solvers.sines import in_sines, laplace_eigenvalues

Fields = Float[np.ndarray, "sample height width"]


@dataclass(frozen=True)
class Poisson(UnitSquare):
    """A law of sources, the Gaussian field of `pde.random_fields.gaussian`, and the grid on which the equation is
    solved.

    Raises:
        InputError: an option outside its range.
    """

    inputs: ClassVar[tuple[str, ...]] = ("source",)
    formula: ClassVar[str] = "-Laplace u = f"
    larger: ClassVar[str] = "lower --alpha"
    alpha: float = 2.0
    """Smoothness of the source: its covariance goes as (-Laplace + tau^2)^(-alpha)."""
    tau: float = 3.0
    """Inverse length scale of the source."""

    def __post_init__(self):
        super().__post_init__()
        check_options(self.alpha, self.tau)

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        return {
            **super().attributes(),
            "law": f"f {describe_field(self.alpha, self.tau)}",
            "scheme": "five points on nodes, direct solve by sine transforms, float64, stored as float32",
        }

    def draw(self, key: Array) -> dict[str, Float[Array, "height width"]]:
        """One source, float64."""
        return {"source": gaussian_field(key, (self.resolution, self.resolution), alpha=self.alpha, tau=self.tau)}

    @staticmethod
    def solve(source: Field, grid: Grid) -> Field:
        """The finite-difference solution on a grid of equally spaced nodes, float64.

        Raises:
            InputError: a grid that does not hold its borders or is not equally spaced.
        """
        return np.pad(in_sines(in_sines(source[1:-1, 1:-1]) / laplace_eigenvalues(grid)), 1)

    @staticmethod
    def residual(source: Fields, solution: Fields, grid: Grid) -> Float[np.ndarray, " sample"]:
        """Each sample's ||f - A u|| / ||f|| over inner nodes; A is -Laplace by five points."""
        return relative_residual(np.ones_like(source), solution, grid, source)


def _solve_averaged(source: Field, grid: Grid, stride: int) -> Solution:
    """Solve with a coarse source: the mean of the fine one over the cell of each coarse node."""
    coarse = grid.strided(stride)
    rows, columns = cell_weights(grid, coarse)
    return Poisson.solve(rows @ source @ columns.T, coarse)


POISSON = Poisson.equation(
    assumed="f = `source` is assumed",
    fine={"averaged": _solve_averaged},
    scaling={"source": 1.0},
)
