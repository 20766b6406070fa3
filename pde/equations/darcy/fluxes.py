"""Darcy flow with its fluxes: the solution u of -div(a grad u) = 1 and q = -a grad u, as three outputs.

Fluxes are those of the scheme's faces brought to the nodes (`pde.solvers.fluxes`), where all fields lie.
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

from pde.equations.darcy.coarse_nodes import solve_network
from pde.equations.darcy.problem import Darcy
from pde.equations.equation import Equation, Field
from pde.grids.grid import Grid
from pde.grids.kinds import Kinds
from pde.grids.outputs import Output
from pde.solvers.checks import check_each_solvable, check_solvable, check_spacing, converged
from pde.solvers.conductances import Conductances, Faces, conductances
from pde.solvers.fluxes import divergence_error, node_fluxes
from pde.solvers.residual import relative_residual
from pde.solvers.upscaling import check_stride, upscale
from pde.system.errors import InputError

Outputs = Float[np.ndarray, "coarse_height coarse_width 3"]


@dataclass(frozen=True)
class DarcyFluxes(Darcy):
    """The law of the coefficients, and the grid on which the equation is solved.

    Raises:
        InputError: an option outside its range, one that belongs to another law, or cell centres.
    """

    kinds: ClassVar[Kinds] = Kinds(vectors=(("flux-x", "flux-y"),))

    def __post_init__(self):
        super().__post_init__()
        if self.canonical:
            raise InputError("--canonical: its scheme has no fluxes at the centres of cells; leave it out")

    @property
    def outputs(self) -> tuple[Output, ...]:
        return (
            Output("solution", ("zero", "zero")),
            Output("flux-x", ("unknown", "zero")),
            Output("flux-y", ("zero", "unknown")),
        )

    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that tell a data file's origin."""
        found = super().attributes()
        return found | {"scheme": f"{found['scheme']}; fluxes of faces brought to nodes"}

    def samples(self, seed: int, indices: range) -> Iterator[dict[str, np.ndarray]]:
        """Samples of a seed in order: those of `Darcy` with the fluxes at the nodes, float64."""
        spacing = check_spacing(self.grid)
        for sample in super().samples(seed, indices):
            with jax.enable_x64(True):
                fluxes = np.asarray(_of_nodes(sample["coefficient"], sample["solution"], spacing))
            yield sample | {"flux-x": fluxes[..., 0], "flux-y": fluxes[..., 1]}


@functools.partial(jax.jit, static_argnums=2)
def _of_nodes(coefficient: Array, solution: Array, spacing: tuple[float, float]) -> Array:
    return node_fluxes(conductances(coefficient, spacing), solution, spacing)


def _solve(coefficient: Field, grid: Grid, stride: int, faces: Faces | None) -> Outputs:
    """Solve on a stride; faces are those of the strided coefficient, or upscaled where no mean is given."""
    spacing = check_solvable(coefficient, grid)
    check_stride(grid.shape, stride)
    coarse = stride * spacing[0], stride * spacing[1]
    with jax.enable_x64(True):
        a = jnp.asarray(coefficient, jnp.float64)
        network = upscale(a, stride, spacing) if faces is None else conductances(a, spacing, faces=faces)
        return np.asarray(_outputs(network, converged(solve_network(network), "the coarse solve"), coarse))


@functools.partial(jax.jit, static_argnums=2)
def _outputs(c: Conductances, u: Array, spacing: tuple[float, float]) -> Array:
    return jnp.concatenate([u[..., None], node_fluxes(c, u, spacing)], axis=-1)


def _residual(coefficient: np.ndarray, outputs: np.ndarray, grid: Grid) -> Float[np.ndarray, " sample"]:
    return relative_residual(coefficient, outputs[..., 0], grid)


def _divergence(coefficient: np.ndarray, outputs: np.ndarray, grid: Grid) -> Float[np.ndarray, " sample"]:
    return divergence_error(outputs[..., 1:], check_spacing(grid))


DARCY_FLUXES = Equation(
    problem=DarcyFluxes,
    formula="q = -a grad u, div q = f",
    assumed="f = 1 is assumed",
    check=check_each_solvable,
    strided={faces: functools.partial(_solve, stride=1, faces=faces) for faces in ("arithmetic", "harmonic")},
    fine={"upscaled": functools.partial(_solve, faces=None)},
    residual=_residual,
    measures={"divergence": _divergence},
)
"""Darcy flow with its fluxes. Its schemes are named by their faces, as those of `DARCY`."""
