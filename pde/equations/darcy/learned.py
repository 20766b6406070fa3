"""A coarse equation that a network corrects and the multigrid solver solves."""

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
    dual_means,
    in_both_directions,
    join,
    lower_halves,
    subcell_means,
    upper_halves,
)
from pde.solvers.conductances import Conductances
from pde.solvers.elliptic import solve_scheme
from pde.solvers.side_by_side import each_sample

SUBCELLS = 4
"""Subcells along each side of a cell; the network sees the logarithms of their means."""
CHANNELS = 8 + SUBCELLS**2
"""Channels that the network sees of each cell."""
FEATURES = 32
"""Channels that the network makes of each cell."""
LARGEST = 10.0
"""Largest logarithm of the factor that corrects a solution, in squares of the spacing; the unit is the domain."""
BOUND = 1.0
"""Factor of log(upper / lower) that bounds a correction."""
TOLERANCE = 1e-7
"""Relative residual of the solve: far below the error of any coarse scheme."""

Fine = Float[Array, "sample fine_height fine_width"]
Cells = Float[Array, "sample cells_down cells_across channel"]


class LearnedEquation(Operator):
    """The coarse solution of -div(a grad u) = f, u = g on the border, by a scheme that a network corrects.

        c = c_up exp(delta),    sum_j c_ij (u_i - u_j) = f_i,    |delta| <= D = bound log(upper / lower)

    over the four neighbours j of each coarse node i. c_up are the conductances of `pde.solvers.upscaling.upscale`;
    delta comes, edge by edge, from features that `operator` makes of the coarse cells. What it sees of a cell are
    logarithms of ratios: conductances of its halves and means of a over its subcells, beside their means over the
    sample. upper and lower are the largest upper and the smallest lower bound of a half
    (`pde.solvers.cell_conductances`) among the cells beside the edge and the eight around each.

    Whatever the network has learned: twice the coefficient gives half the solution; the scheme is symmetric,
    positive definite and of positive weights, so u >= 0 for f >= 0 and the maximum principle holds; where the
    coefficient does not vary, the scheme is the plain one; and in the energy norm of the upscaled scheme u differs
    from its solution by at most (e^D - 1) times that solution. On the grid of the coefficient itself nothing is
    corrected. The parameters do not depend on the stride.

    If `corrected`, the solution is corrected too, by a factor for each inner node i,

        u_i exp(kappa_i),    |kappa| <= `LARGEST` / (cells down x cells across),

    which the features of the four cells around the node give. Five points have an error even where the
    coefficient does not vary, of second order in the spacing, and no conductances correct it. The factor keeps the
    scaling and u >= 0, not the bound in the energy norm. It belongs to f = 1 and u = 0 on the border: other
    sources and border values leave it out.

    The idea is that of PEDS (Pestourie et al., arXiv 2111.05841), where a network makes the input of a coarse
    solver.

    Args:
        operator: network from `CHANNELS` channels of each cell to features.
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
        self.in_channels, self.dimensions = 1, 2  # read by `check_fields`
        self.operator, self.bound, self.tolerance = operator, bound, tolerance
        features = operator.out_channels
        kind: dict[str, Any] = {"output_init": nnx.initializers.zeros, "dtype": operator.dtype, "rngs": rngs}
        self.down = MLP(2 * features, features, 1, **kind)
        self.across = MLP(2 * features, features, 1, **kind)
        self.after = MLP(4 * features, features, 1, **kind) if corrected else None

    def forward(
        self,
        fields: Float[Array, "sample fine_height fine_width 1"],
        coordinates: Coordinates | None,
        *,
        source: Float[Array, "sample fine_height fine_width"] | None = None,
        border: Float[Array, "sample height width"] | None = None,
    ) -> Float[Array, "sample height width 1"]:
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

        def solve(sample: tuple[Conductances, dict[str, Array]]) -> Float[Array, "height width"]:
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
        self, coefficient: Fine, axes: tuple[Array, Array]
    ) -> tuple[Conductances, Cells | None]:
        """Return also the features of the cells, which the coefficient's own grid does not need."""
        stride = _stride(coefficient.shape[1:], axes)
        with jax.enable_x64(True):
            x, y = ((axis[-1] - axis[0]).astype(jnp.float64) / (len(axis) - 1) for axis in axes)
            upscaled, seen, limit = jax.vmap(lambda a: _upscaled_and_seen(a, stride, (x, y)))(coefficient)
        if stride == 1:
            return upscaled, None
        centres = tuple((axis[1:] + axis[:-1]) / 2 for axis in axes)
        features = self.operator(seen, centres)
        factors = (
            self._factor(self.down, features[:, :, :-1], features[:, :, 1:], limit[:, :, :-1], limit[:, :, 1:]),
            self._factor(self.across, features[:, :-1], features[:, 1:], limit[:, :-1], limit[:, 1:]),
        )
        with jax.enable_x64(True):
            pairs = zip(upscaled.along, factors, strict=True)
            c = Conductances(tuple(plain * by.astype(plain.dtype) for plain, by in pairs))
        return c, features

    def _factor(self, head: MLP, one: Cells, other: Cells, limit: Array, other_limit: Array) -> Array:
        """Return exp(delta) for the edges between cells."""
        free = head(jnp.concatenate([one, other], axis=-1))[..., 0].astype(jnp.float32)
        return jnp.exp(self.bound * jnp.maximum(limit, other_limit) * jnp.tanh(free))

    def _correction(self, head: MLP, cells: Cells) -> Float[Array, "sample height width 1"]:
        """Return exp(kappa) for the coarse nodes; it is 1 on the border."""
        around = [cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]]
        free = head(jnp.concatenate(around, axis=-1)).astype(jnp.float32)
        kappa = LARGEST / (cells.shape[1] * cells.shape[2]) * jnp.tanh(free)
        return jnp.exp(jnp.pad(kappa, ((0, 0), (1, 1), (1, 1), (0, 0))))


def _axes(coordinates: Coordinates) -> tuple[Array, Array]:
    x, y = map(jnp.asarray, coordinates)
    return x, y


def _stride(fine: tuple[int, ...], axes: tuple[Array, ...]) -> int:
    strides = {(n - 1) / (len(axis) - 1) for n, axis in zip(fine, axes, strict=True)}
    if len(strides) > 1 or not min(strides).is_integer():
        coarse = " x ".join(str(len(axis)) for axis in axes)
        raise ValueError(f"a grid of {coarse} nodes is no stride of the {fine[0]} x {fine[1]} nodes of the fields")
    return int(min(strides))


def _upscaled_and_seen(
    coefficient: Float[Array, "fine_height fine_width"], stride: int, spacing: tuple[Array, Array]
) -> tuple[Conductances, Float[Array, "cells_down cells_across channel"], Float[Array, "cells_down cells_across"]]:
    """Return the upscaled scheme, what the network sees of each cell, and log(upper / lower) around it."""
    single, double = coefficient.astype(jnp.float32), coefficient.astype(jnp.float64)
    down, across = stored(in_both_directions(lower_halves, double, stride))
    lower = jnp.stack([*down, *across]).astype(jnp.float32)
    upper = jnp.stack([half for halves in in_both_directions(upper_halves, single, stride) for half in halves])
    size = jnp.mean(lower)  # logarithms of ratios to it are small, and keep their digits
    low, width = jnp.log(lower / size), jnp.maximum(jnp.log(upper / lower), 0.0)
    means = jnp.log(subcell_means(single, stride, SUBCELLS) / (2 * size))
    seen = jnp.concatenate([low - low.mean(), width, means - means.mean()])
    limit = _around(jnp.max(low + width, axis=0), jnp.min(low, axis=0))
    return join(down, across, spacing), jnp.moveaxis(seen, 0, -1), limit


def _around(high: Float[Array, "height width"], low: Float[Array, "height width"]) -> Float[Array, "height width"]:
    """Return the largest high less the smallest low value among each cell and the eight around it."""
    window = {"window_dimensions": (3, 3), "window_strides": (1, 1), "padding": "SAME"}
    highest = jax.lax.reduce_window(high, -np.float32(np.inf), jax.lax.max, **window)
    lowest = jax.lax.reduce_window(low, np.float32(np.inf), jax.lax.min, **window)
    apart = highest - lowest
    return jnp.where(apart > 1e-5, apart, 0.0)  # less than that is rounding
