"""Operators that mean the same on every grid: they run on their training grid and are evaluated on any other."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import Coordinates, Periods, coordinates_or_nodes, trigonometric_matrix
from manojax.layers.halo import Space
from manojax.operators.base import Operator
from manojax.operators.sharding import by_pieces

FILTER_WIDTH = 0.7


class Anchored(Operator):
    """An operator held at fixed points p_i, its anchors, as a map of fields on any grid.

        w_i = sum_j q_j g(p_i - x_j) a_j / sum_j q_j g(p_i - x_j),        u(x) = sum_i S_i(x) M(w)_i

    with the points x_j of the fields, their trapezoidal weights q_j (half cells at the borders), a Gaussian g
    of fixed standard deviation, the operator M on the anchors and their cardinal splines S_i (cubic, not-a-
    knot). The sums factor over the axes, and their cost is linear in the number of points x_j.

    Along a periodic axis distances go the shorter way around, all points have the same weight, and S_i are the
    cardinal functions of trigonometric interpolation.

    M sees the same field however fine the grid is: w is a quadrature of one integral, and the windows, levels and
    wavelengths of M keep their physical lengths. The Gaussian also filters fields that are given on the anchors
    themselves, so an operator must be trained inside this module. Unlike a prediction from the fields at the
    anchors alone, u depends on the fields between the anchors.

    Args:
        operator: M, any of `manojax.MODELS`.
        anchors: coordinates of the training grid along each axis, in the unit of the coordinates at call time.
        filter_width: standard deviation of g, in mean distances of neighbouring anchors.
        periods: the period of each axis in the same unit, or None; by default no axis is periodic.

    Raises:
        ValueError: an axis of fewer than two anchors, more or fewer axes than the operator has dimensions, or a
            width that is not positive.
    """

    divides_itself = True

    def __init__(
        self,
        operator: Operator,
        anchors: Coordinates,
        *,
        filter_width: float = FILTER_WIDTH,
        periods: Periods | None = None,
    ):
        if not filter_width > 0:
            raise ValueError(f"filter width {filter_width} must be positive")
        self.in_channels, self.dimensions = operator.in_channels, operator.dimensions  # read by `check_fields`
        self.operator, self.filter_width = operator, filter_width
        self.anchors = tuple(tuple(map(float, np.asarray(axis))) for axis in anchors)
        self.periods = tuple(periods or (None,) * operator.dimensions)
        if len(self.anchors) != operator.dimensions:
            raise ValueError(
                f"anchors along {len(self.anchors)} axes: give coordinates along each axis of the grid, "
                f"as the operator has dimensions={operator.dimensions}"
            )
        if min(map(len, self.anchors)) < 2:
            raise ValueError(f"{' x '.join(str(len(axis)) for axis in self.anchors)} anchors: an axis needs two")

    def forward(
        self,
        fields: Float[Array, "batch *grid channel"],
        coordinates: Coordinates | None,
        space: Space | None = None,
    ) -> Float[Array, "batch *grid out"]:
        """Map fields to fields; with a `space`, fields are whole and the operator computes a piece of its grid."""
        points = [axis.astype(jnp.float32) for axis in coordinates_or_nodes(fields.shape[1:-1], coordinates)]
        anchors = [np.array(axis) for axis in self.anchors]
        axes = list(zip(anchors, points, self.periods, strict=True))
        averages = [_averages(at, of, self.filter_width, period) for at, of, period in axes]
        on = tuple(axis.astype(np.float32) for axis in anchors)
        held = by_pieces(self.operator, _along_axes(averages, fields), on, space)
        return _along_axes([_cardinal(of, at, period) for of, at, period in axes], held)


def _averages(
    anchors: Float[np.ndarray, " anchor"], points: Float[Array, " point"], width: float, period: float | None
) -> Float[Array, "anchor point"]:
    """Compute the weights of points in the average around each anchor.

    The softmax takes the nearest point where points are much farther apart than the Gaussian is wide.
    """
    deviation = width * (anchors[-1] - anchors[0]) / (len(anchors) - 1)
    apart = jnp.asarray(anchors, jnp.float32)[:, None] - points[None, :]
    if period is not None:
        around = (apart + period / 2) % period - period / 2
        return jax.nn.softmax(-((around / deviation) ** 2) / 2, axis=1)
    steps = jnp.diff(points)
    cells = jnp.concatenate([steps[:1], steps[:-1] + steps[1:], steps[-1:]])
    distance = apart / deviation
    return jax.nn.softmax(jnp.log(cells)[None, :] - distance**2 / 2, axis=1)


def _cardinal(
    anchors: Float[np.ndarray, " anchor"], points: Float[Array, " point"], period: float | None
) -> Float[Array, "point anchor"]:
    """Evaluate every anchor's cardinal function of interpolation at the points."""
    if period is None:
        return _splines(anchors, points)
    return trigonometric_matrix(jnp.asarray(anchors, jnp.float32), points, period)


def _splines(
    anchors: Float[np.ndarray, " anchor"], points: Float[Array, " point"]
) -> Float[Array, "point anchor"]:
    """Evaluate every anchor's cardinal spline at the points; the outermost polynomials are continued."""
    from scipy.interpolate import CubicSpline  # would be a fifth of manojax's import time

    coefficients = jnp.asarray(CubicSpline(anchors, np.eye(len(anchors))).c, jnp.float32)
    knots = jnp.asarray(anchors, jnp.float32)
    interval = jnp.clip(jnp.searchsorted(knots, points, side="right") - 1, 0, len(anchors) - 2)
    offset = points - knots[interval]
    powers = jnp.stack([offset**exponent for exponent in (3, 2, 1, 0)])
    return jnp.einsum("kp,kpa->pa", powers, coefficients[:, interval], precision="highest")


def _along_axes(matrices: list[Array], x: Array) -> Array:
    """Apply one matrix along each axis of a grid."""
    for axis, matrix in enumerate(matrices, start=1):
        moved = jnp.tensordot(matrix, x.astype(jnp.float32), ((1,), (axis,)), precision="highest")
        x = jnp.moveaxis(moved, 0, axis)
    return x
