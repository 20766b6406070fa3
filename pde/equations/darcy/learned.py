"""A coarse equation that a network corrects and the multigrid solver solves."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float

from manojax.layers.basic import MLP
from manojax.layers.coordinates import Coordinates, unit_nodes
from manojax.operators.base import Operator
from manojax.xla_cpu import stored
from pde.solvers.cell_conductances import (
    along_each_axis,
    beside,
    dual_means,
    join,
    lower_bounds,
    sides,
    subcell_means,
    upper_bounds,
)
from pde.solvers.conductances import Conductances
from pde.solvers.elliptic import solve_scheme
from pde.solvers.side_by_side import each_sample

SUBCELLS = 4
"""Subcells along each side of a cell; the network sees the logarithms of their means."""
FEATURES = 32
"""Channels that the network makes of each cell."""
LARGEST = 10.0
"""Largest logarithm of the factor that corrects a solution, in squares of the spacing; the unit is the domain."""
BOUND = 1.0
"""Factor of log(upper / lower) that bounds a correction."""
TOLERANCE = 1e-7
"""Relative residual of the solve: far below the error of any coarse scheme."""

Fine = Float[Array, " sample *fine_grid"]
Cells = Float[Array, " sample *cells channel"]


def channels(axes: int) -> int:
    """Number of channels that the network sees of each cell: two bounds of each piece, and the subcells."""
    return 2 * axes * 2 ** (axes - 1) + SUBCELLS**axes


class LearnedEquation(Operator):
    """The coarse solution of -div(a grad u) = f, u = g on the border, by a scheme that a network corrects.

        c = c_up exp(delta),    sum_j c_ij (u_i - u_j) = f_i,    |delta| <= D = bound log(upper / lower)

    over the neighbours j of each coarse node i, two along each axis. c_up are the conductances of
    `pde.solvers.upscaling.upscale`; delta comes, edge by edge, from features that `operator` makes of the coarse
    cells. What it sees of a cell are logarithms of ratios: conductances of its pieces of dual cells and means of a
    over its subcells, beside their means over the sample. upper and lower are the largest upper and the smallest
    lower bound of a piece (`pde.solvers.cell_conductances`) among the cells around the edge and those next to
    each.

    Whatever the network has learned: twice the coefficient gives half the solution; the scheme is symmetric,
    positive definite and of positive weights, so u >= 0 for f >= 0 and the maximum principle holds; where the
    coefficient does not vary, the scheme is the plain one; and in the energy norm of the upscaled scheme u differs
    from its solution by at most (e^D - 1) times that solution. On the grid of the coefficient itself nothing is
    corrected. The parameters do not depend on the stride.

    If `corrected`, the solution is corrected too, by a factor for each inner node i,

        u_i exp(kappa_i),    |kappa| <= `LARGEST` / N^(2 / d)

    with N cells on d axes, which the features of the cells around the node give. The scheme has an error even
    where the coefficient does not vary, of second order in the spacing, and no conductances correct it. The factor
    keeps the scaling and u >= 0, not the bound in the energy norm. It belongs to f = 1 and u = 0 on the border:
    other sources and border values leave it out.

    The idea is that of PEDS (Pestourie et al., arXiv 2111.05841), where a network makes the input of a coarse
    solver.

    Args:
        operator: network on two or three axes, from `channels` of each cell to features.
        bound: factor of the logarithm that bounds delta.
        corrected: correct the solution too.
        tolerance: relative residual of the solver.
        rngs: random numbers of the parameters.
    """

    def __init__(
        self,
        operator: Operator,
        *,
        bound: float = BOUND,
        corrected: bool = False,
        tolerance: float = TOLERANCE,
        rngs: nnx.Rngs,
    ):
        self.in_channels, self.dimensions = 1, operator.dimensions  # read by `check_fields`
        self.operator, self.bound, self.tolerance = operator, bound, tolerance
        features = operator.out_channels
        kind: dict[str, Any] = {"output_init": nnx.initializers.zeros, "dtype": operator.dtype, "rngs": rngs}
        axes = operator.dimensions
        seen = 2 ** (axes - 1) * features
        self.down = MLP(seen, features, 1, **kind)
        self.across = MLP(seen, features, 1, **kind)
        self.through = MLP(seen, features, 1, **kind) if axes > 2 else None
        self.after = MLP(2 * seen, features, 1, **kind) if corrected else None

    def forward(
        self,
        fields: Float[Array, " sample *fine_grid 1"],
        coordinates: Coordinates | None,
        *,
        source: Float[Array, " sample *fine_grid"] | None = None,
        border: Float[Array, " sample *grid"] | None = None,
    ) -> Float[Array, " sample *grid 1"]:
        """Solve for each sample, in float64; a solution that did not converge is NaN.

        Args:
            fields: a > 0 on equally spaced fine nodes, border included.
            coordinates: those of the coarse nodes, a stride of the fine ones; by default the fine nodes
                themselves, on the unit square.
            source: f on the fine nodes, of which the scheme takes means over dual cells; by default 1.
            border: g on the coarse nodes, of which only the border is used; by default 0.

        Raises:
            ValueError: coarse nodes that are no stride of the fine ones.
        """
        axes = _axes(unit_nodes(fields.shape[1:-1]) if coordinates is None else coordinates)
        schemes, features = self._scheme_and_features(fields[..., 0], axes)
        stride = _stride(fields.shape[1:-1], axes)
        samples = {"source": source, "border": border}

        def solve(sample: tuple[Conductances, dict[str, Array]]) -> Float[Array, "*grid"]:
            c, values = sample
            f = values.get("source")
            right = jnp.ones(c.shape) if f is None else dual_means(f, stride)
            return solve_scheme(c, right, border=values.get("border"), tolerance=self.tolerance).solution

        with jax.enable_x64(True):
            given = {name: each.astype(jnp.float64) for name, each in samples.items() if each is not None}
            solution = each_sample(solve, (schemes, given))[..., None]
        if self.after is None or features is None or given:
            return solution
        factor = self._correction(self.after, features)
        with jax.enable_x64(True):
            return solution * factor.astype(solution.dtype)

    def scheme(self, coefficient: Fine, coordinates: Coordinates) -> Conductances:
        """Return the conductances of every sample's coarse scheme, float64.

        Args:
            coefficient: a > 0 on the fine nodes.
            coordinates: those of the coarse nodes.

        Raises:
            ValueError: coarse nodes that are no stride of the fine ones.
        """
        return self._scheme_and_features(coefficient, _axes(coordinates))[0]

    def _scheme_and_features(
        self, coefficient: Fine, axes: tuple[Array, ...]
    ) -> tuple[Conductances, Cells | None]:
        """Return also the features of the cells, which the coefficient's own grid does not need."""
        stride = _stride(coefficient.shape[1:], axes)
        with jax.enable_x64(True):
            spacing = tuple((axis[-1] - axis[0]).astype(jnp.float64) / (len(axis) - 1) for axis in axes)
            upscaled, seen, limit = jax.vmap(lambda a: _upscaled_and_seen(a, stride, spacing))(coefficient)
        if stride == 1:
            return upscaled, None
        centres = tuple((axis[1:] + axis[:-1]) / 2 for axis in axes)
        features = self.operator(seen, centres)
        heads = [head for head in (self.down, self.across, self.through) if head is not None]
        factors = [self._factor(head, axis, features, limit) for axis, head in enumerate(heads, start=1)]
        with jax.enable_x64(True):
            pairs = zip(upscaled.along, factors, strict=True)
            c = Conductances(tuple(plain * by.astype(plain.dtype) for plain, by in pairs))
        return c, features

    def _factor(self, head: MLP, axis: int, cells: Cells, limit: Float[Array, " sample *cells"]) -> Array:
        """Return exp(delta) for the edges along an axis."""
        across = [b for b in range(1, limit.ndim) if b != axis]
        around = [beside(cells, across, at) for at in sides(len(across))]
        bound = functools.reduce(jnp.maximum, (beside(limit, across, at) for at in sides(len(across))))
        free = head(jnp.concatenate(around, axis=-1))[..., 0].astype(jnp.float32)
        return jnp.exp(self.bound * bound * jnp.tanh(free))

    def _correction(self, head: MLP, cells: Cells) -> Float[Array, " sample *grid 1"]:
        """Return exp(kappa) for the coarse nodes; it is 1 on the border."""
        grid = cells.shape[1:-1]
        axes = range(1, len(grid) + 1)
        around = [beside(cells, axes, at) for at in sides(len(grid))]
        free = head(jnp.concatenate(around, axis=-1)).astype(jnp.float32)
        kappa = LARGEST / math.prod(grid) ** (2 / len(grid)) * jnp.tanh(free)
        return jnp.exp(jnp.pad(kappa, ((0, 0), *((1, 1),) * len(grid), (0, 0))))


def _axes(coordinates: Coordinates) -> tuple[Array, ...]:
    return tuple(map(jnp.asarray, coordinates))


def _stride(fine: tuple[int, ...], axes: tuple[Array, ...]) -> int:
    strides = {(n - 1) / (len(axis) - 1) for n, axis in zip(fine, axes, strict=True)}
    if len(strides) > 1 or not min(strides).is_integer():
        coarse, given = (" x ".join(map(str, sizes)) for sizes in (map(len, axes), fine))
        raise ValueError(f"a grid of {coarse} nodes is no stride of the {given} nodes of the fields")
    return int(min(strides))


def _upscaled_and_seen(
    coefficient: Float[Array, "*fine_grid"], stride: int, spacing: tuple[Array, ...]
) -> tuple[Conductances, Float[Array, " *cells channel"], Float[Array, " *cells"]]:
    """Return the upscaled scheme, what the network sees of each cell, and log(upper / lower) around it."""
    single, double = coefficient.astype(jnp.float32), coefficient.astype(jnp.float64)
    axes = coefficient.ndim
    pieces = stored(along_each_axis(lower_bounds, double, stride))
    lower = jnp.stack([piece for along in pieces for piece in along]).astype(jnp.float32)
    upper = jnp.stack([piece for along in along_each_axis(upper_bounds, single, stride) for piece in along])
    size = jnp.mean(lower)  # logarithms of ratios to it are small, and keep their digits
    low, width = jnp.log(lower / size), jnp.maximum(jnp.log(upper / lower), 0.0)
    means = jnp.log(subcell_means(single, stride, SUBCELLS) / (2 ** (axes - 1) * size))
    seen = jnp.concatenate([low - low.mean(), width, means - means.mean()])
    limit = _around(jnp.max(low + width, axis=0), jnp.min(low, axis=0))
    return join(pieces, spacing), jnp.moveaxis(seen, 0, -1), limit


def _around(high: Float[Array, "*cells"], low: Float[Array, "*cells"]) -> Float[Array, "*cells"]:
    """Return the largest high less the smallest low value among each cell and all those that touch it."""
    each = (1,) * high.ndim
    window = {"window_dimensions": (3,) * high.ndim, "window_strides": each, "padding": "SAME"}
    highest = jax.lax.reduce_window(high, -np.float32(np.inf), jax.lax.max, **window)
    lowest = jax.lax.reduce_window(low, np.float32(np.inf), jax.lax.min, **window)
    apart = highest - lowest
    return jnp.where(apart > 1e-5, apart, 0.0)  # less than that is rounding
