"""Darcy flow on three axes, -div(a grad u) = 1 in the unit cube with u = 0 on its border, for a random a."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.equations.darcy.law import RandomCoefficient
from pde.equations.darcy.problem import Darcy
from pde.equations.equation import Equation
from pde.grids.grid import Grid
from pde.grids.outputs import Output
from pde.random_fields.coefficients import check
from pde.solvers.checks import check_each_solvable, converged
from pde.solvers.conjugate_gradients import Solve
from pde.solvers.elliptic import solve
from pde.solvers.residual import relative_residual
from pde.solvers.side_by_side import in_order


@dataclass(frozen=True)
class DarcyBox(RandomCoefficient):
    """The law of the coefficients, and the grid on which the equation is solved.

    Raises:
        InputError: an option outside its range, or one that belongs to another law.
    """

    has_residual: ClassVar[bool] = True
    resolution: int = 65
    """Number of nodes along each side, borders included."""

    @property
    def grid(self) -> Grid:
        points = np.linspace(0, 1, self.resolution)
        return Grid((points,) * 3, domain=(0.0, 1.0) * 3)

    @property
    def outputs(self) -> tuple[Output, ...]:
        return (Output("solution", ("zero",) * 3),)

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        return {
            "equation": "-div(a grad u) = 1 in the unit cube, u = 0 on the border",
            "law": self.describe_law(axes=3),
            "scheme": "seven points on nodes, arithmetic faces, float64, stored as float32",
            "tolerance": Darcy.tolerance,
        }

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order, solved side by side: coefficient and solution (points along each axis) and
        the attained residual, float64.

        Raises:
            ArithmeticError: the coefficient is not positive and finite, or the solver did not converge.
            InputError: the law returns a shape other than the field's.
        """
        return in_order(functools.partial(self._sample, seed), indices)

    def _sample(self, seed: int, index: int) -> dict[str, np.ndarray]:
        with jax.enable_x64(True):
            drawn, solved = jax.tree.map(np.asarray, _drawn_and_solved(self, seed, index))
        coefficient, name = check(drawn, f"sample {index}"), f"sample {index}"
        return {"coefficient": coefficient, "solution": converged(solved, name), "residual": solved.residual}


@functools.partial(jax.jit, static_argnums=0)
def _drawn_and_solved(problem: DarcyBox, seed: Array | int, index: Array | int) -> tuple[Array, Solve]:
    a = problem.draw(seed, index, problem.grid.shape)
    spacing = (1 / (problem.resolution - 1),) * 3
    return a, solve(a, jnp.ones_like(a), spacing=spacing, tolerance=Darcy.tolerance)


_FACES = "arithmetic", "harmonic", "mean"

DARCY_BOX = Equation(
    problem=DarcyBox,
    formula="-div(a grad u) = f",
    assumed="f = 1 is assumed",
    check=check_each_solvable,
    strided={faces: functools.partial(coarse_solve, stride=1, faces=faces) for faces in _FACES},
    fine={"upscaled": functools.partial(coarse_solve, faces="upscaled")},
    residual=relative_residual,
    scaling={"coefficient": -1.0},
)
"""Darcy flow on three axes. Its schemes are named by their faces, as those of `DARCY`."""
