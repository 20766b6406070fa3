"""Schemes for Darcy flow as functions of one fine coefficient in memory, ready to be compiled and timed.

Each takes a (height, width) on the fine nodes and is called with x64 enabled; all count upscaling and solve.
"""

from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.sparse.linalg import splu

from pde.data.data_file import DataFile
from pde.equations.darcy.canonical import assemble
from pde.equations.darcy.coarse_nodes import CoarseFaces, solve_network
from pde.equations.darcy.equation import DARCY
from pde.grids.grid import Grid
from pde.solvers.cell_conductances import along_each_axis, join, lower_bounds
from pde.solvers.checks import check_spacing
from pde.solvers.conductances import conductances
from pde.solvers.conjugate_gradients import Precision
from pde.solvers.elliptic import solve
from pde.solvers.upscaling import upscale
from pde.surrogates.resampling import carried, relaxed
from pde.surrogates.surrogate import Surrogate
from pde.system.timing import medians_in_turn

Field = Float[Array, "height width"]
Scheme = Callable[[Field], Field]
Program = Callable[[Float[np.ndarray, "height width"]], Float[np.ndarray, "rows columns"]]
ROUNDS = 60


def coarse(fine: Grid, stride: int, faces: CoarseFaces) -> Scheme:
    """The coarse solve of `pde.equations.darcy.coarse_nodes.coarse_solve`."""
    spacing, wide = check_spacing(fine), check_spacing(fine.strided(stride))

    def solved(a: Field) -> Field:
        a = a.astype(jnp.float64)
        if faces == "upscaled":
            return solve_network(upscale(a, stride, spacing)).solution
        means = ("arithmetic", "harmonic") if faces == "mean" else (faces,)
        nodes = a[::stride, ::stride]
        solutions = [solve_network(conductances(nodes, wide, faces=mean)).solution for mean in means]
        return jnp.mean(jnp.stack(solutions), axis=0)

    return solved


def by_rows(fine: Grid, stride: int) -> Scheme:
    """The upscaled coarse solve, with the faster sums of `pde.solvers.cell_conductances`."""
    wide = check_spacing(fine.strided(stride))

    def solved(a: Field) -> Field:
        a = a.astype(jnp.float64)
        return solve_network(join(along_each_axis(lower_bounds, a, stride), wide)).solution

    return solved


def extrapolated(fine: Grid, stride: int) -> Scheme:
    """Richardson's extrapolation of two upscaled solves, at `stride` and twice that, as for second order."""
    one, two = by_rows(fine, stride), by_rows(fine, 2 * stride)
    return lambda a: (4 * one(a)[::2, ::2] - two(a)) / 3


def multigrid(fine: Grid, tolerance: float, precision: Precision = "double") -> Scheme:
    """The fine solve, stopped at a relative residual."""
    options = {"spacing": check_spacing(fine), "tolerance": tolerance, "precision": precision}
    return lambda a: solve(a, jnp.ones_like(a), **options).solution


def operator(surrogate: Surrogate, fine: Grid, stride: int) -> Scheme:
    """A trained operator run directly on a stride of the fine nodes."""
    grid = fine.strided(stride)
    return lambda a: surrogate.predict(a[None, ..., None], fine, grid)[0, ..., 0]


def by_splines(scheme: Scheme, fine: Grid, stride: int) -> Scheme:
    """The solution of a coarse scheme interpolated to the fine nodes by cubic splines."""
    grid = fine.strided(stride)
    return lambda a: carried(scheme(a).astype(jnp.float32)[None, ..., None], grid, fine, DARCY.outputs)[0, ..., 0]


def by_relaxation(scheme: Scheme, fine: Grid, stride: int) -> Scheme:
    """The same, followed by over-relaxation with the fine coefficient (`pde.solvers.relaxation.relax`)."""
    spread, grid = by_splines(scheme, fine, stride), fine.strided(stride)
    return lambda a: relaxed(spread(a)[None, ..., None], a[None, ..., None], grid, fine)[0, ..., 0]


def by_multigrid(scheme: Scheme, fine: Grid, stride: int, tolerance: float) -> Scheme:
    """The same splines as the start of the fine solve, stopped at a relative residual."""
    spread, spacing = by_splines(scheme, fine, stride), check_spacing(fine)
    return lambda a: solve(a, jnp.ones_like(a), spacing=spacing, guess=spread(a), tolerance=tolerance).solution


def compiled(scheme: Scheme) -> Program:
    """One program for a scheme, NumPy in and out."""
    program = jax.jit(scheme)

    def call(a: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "rows columns"]:
        with jax.enable_x64(True):
            return np.asarray(program(a))

    return call


def superlu(fine: Grid) -> Callable[[Float[np.ndarray, "height width"]], Float[np.ndarray, "height width"]]:
    """The fine scheme solved directly by SciPy's SuperLU, in the fastest of its orders for such matrices."""
    spacing = check_spacing(fine)
    faces = jax.jit(lambda a: conductances(a.astype(jnp.float64), spacing))

    def call(a: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
        with jax.enable_x64(True):
            matrix = assemble(faces(a))
        solved = splu(matrix, permc_spec="MMD_AT_PLUS_A").solve(np.ones_like(matrix.diagonal()))
        return np.pad(solved.reshape(a.shape[0] - 2, -1), 1)

    return call


def mean_error(program: Program, data: DataFile, stride: int) -> float:
    """Mean relative L2 of a program on a file's samples."""
    errors = []
    for i in range(data.samples):
        one = slice(i, i + 1)
        true = data.read_outputs(one, stride)[0, ..., 0]
        errors.append(np.linalg.norm(program(data.read_inputs(one)[0, ..., 0]) - true) / np.linalg.norm(true))
    return float(np.mean(errors))


def milliseconds(programs: Mapping[str, Program], data: DataFile) -> dict[str, float]:
    """Medians for the first sample, called in turn."""
    a = data.read_inputs(slice(1))[0, ..., 0]
    calls = [partial(program, a) for program in programs.values()]
    return dict(zip(programs, medians_in_turn(calls, ROUNDS), strict=True))
