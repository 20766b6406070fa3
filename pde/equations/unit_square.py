"""Random problems on nodes of the unit square: what laws there share.

docs/own-equation.md builds three equations of it.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np
from jax import Array
from jaxtyping import Float

from pde.equations.equation import Equation, Field
from pde.grids.grid import Grid
from pde.grids.kinds import ALL_SCALARS, Kinds
from pde.grids.outputs import Border, Output
from pde.solvers.checks import check_spacings
from pde.solvers.side_by_side import in_order
from pde.system.errors import InputError


@dataclass(frozen=True)
class UnitSquare(ABC):
    """A law of random inputs on nodes of the unit square, and a solution u that is zero on the border.

    A subclass names its `inputs` and its `formula`, and has `draw`, `solve` and `residual`. With options of its
    own it is a frozen dataclass too; its fields, all with defaults, are flags of `manojax generate`.

    Raises:
        InputError: fewer than three nodes a side, or inputs drawn that are not those named.
    """

    inputs: ClassVar[tuple[str, ...]]
    """Names of the input fields in a data file."""
    kinds: ClassVar[Kinds] = ALL_SCALARS
    has_residual: ClassVar[bool] = True
    formula: ClassVar[str]
    """The equation as files and tables show it, such as "-Laplace u = f"."""
    solve: ClassVar[Callable[..., Field]]
    """A static method: solve(*inputs, grid) of fields (height, width) returns the solution, float64."""
    residual: ClassVar[Callable[..., Float[np.ndarray, " sample"]]]
    """A static method: residual(*inputs, solution, grid) of fields (sample, height, width) returns each sample's
    relative residual in the scheme of `solve`."""
    larger: ClassVar[str] = "draw larger inputs"
    """Advice where solutions are too small for float32, such as the change of an option."""
    periodic: ClassVar[tuple[str, ...]] = ()
    """Names of the axes that are periodic, "x" and "y"; they have no border."""
    resolution: int = 421
    """Number of nodes along each side, borders included; around a periodic axis the first is not repeated."""

    def __post_init__(self):
        if self.resolution < 3:
            raise InputError(f"--resolution {self.resolution} must be at least 3: two borders and a node between")

    @abstractmethod
    def draw(self, key: Array) -> dict[str, Float[Array, "height width"]]:
        """Return one sample's input fields by name, float64 on `grid`; the function is traced."""

    @classmethod
    def equation(cls, **options: Any) -> Equation:
        """The equation for the commands.

        Args:
            options: arguments of `Equation` in the place of these: any grid of equally spaced nodes with the
                borders of the law is solved, by `solve` alone, and no scaling is known.
        """
        described = {
            "assumed": f"its inputs are assumed to be {', '.join(cls.inputs)}",
            "check": functools.partial(_check_nodes, cls.periodic),
            "strided": {"strided": cls.solve},
            "fine": {},
        }
        return Equation(problem=cls, formula=cls.formula, residual=cls.residual, **(described | options))

    @property
    def grid(self) -> Grid:
        axes = (np.linspace(0, 1, self.resolution, endpoint=name not in self.periodic) for name in "xy")
        return Grid(tuple(axes), domain=(0.0, 1.0, 0.0, 1.0), periodic=self.periodic)

    @property
    def outputs(self) -> tuple[Output, ...]:
        borders: list[Border] = ["unknown" if name in self.periodic else "zero" for name in "xy"]
        return (Output("solution", tuple(borders)),)

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        rings = f", periodic along {' and '.join(self.periodic)}" if self.periodic else ""
        border = "" if len(self.periodic) == 2 else ", u = 0 on the border"
        return {"equation": f"{self.formula} on the unit square{rings}{border}", "law": repr(self)}

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order: the inputs, the solution and its relative residual, float64.

        Raises:
            ArithmeticError: a solution too small for float32, or a solver that did not converge.
        """
        return in_order(lambda index: self._sample(seed, index), indices)

    def _sample(self, seed: int, index: int) -> dict[str, np.ndarray]:
        with jax.enable_x64(True):
            drawn = {name: np.asarray(field) for name, field in _draw(self, jax.random.key(seed), index).items()}
        if drawn.keys() != set(self.inputs):
            raise InputError(
                f"{type(self).__name__}.draw returns {', '.join(drawn)}; its inputs are {', '.join(self.inputs)}"
            )
        inputs = [drawn[name] for name in self.inputs]
        solution = self.solve(*inputs, self.grid)
        if np.abs(solution).max() < np.finfo(np.float32).tiny:
            raise ArithmeticError(f"sample {index}: the solution is too small for float32; {self.larger}")
        [residual] = self.residual(*(field[None] for field in [*inputs, solution]), self.grid)
        return {**drawn, "solution": solution, "residual": residual}


@functools.partial(jax.jit, static_argnums=0)
def _draw(law: UnitSquare, key: Array, index: Array | int) -> dict[str, Array]:
    """A sample depends on its seed and its index alone."""
    return law.draw(jax.random.fold_in(key, index))


def _check_nodes(periodic: tuple[str, ...], *inputs_and_grid: Any) -> None:
    check_spacings(inputs_and_grid[-1], 2, periodic)
