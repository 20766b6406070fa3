"""Operators that mean the same on every grid: they work where they were trained, and are asked elsewhere."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import Coordinates, coordinates_or_nodes
from manojax.layers.halo import Space
from manojax.operators.base import Operator
from manojax.operators.sharding import by_pieces

FILTER_WIDTH = 0.7


class Anchored(Operator):
    """An operator held at fixed points p_i, its anchors, as a map of fields on any grid.

        w_i = sum_j q_j g(p_i - x_j) a_j / sum_j q_j g(p_i - x_j),        u(x) = sum_i S_i(x) M(w)_i

    with the points x_j of the fields, their trapezoidal weights q_j (half cells at the borders), a Gaussian g
    of fixed standard deviation, the operator M on the anchors and their cardinal splines S_i (cubic, not-a-
    knot). All is a product over the axes, and linear in the number of points x_j.

    However fine the grid, M sees the same: w is a quadrature of one integral, and the windows, levels and
    wavelengths of M keep their physical lengths. The Gaussian is there on the anchors themselves as well, so
    that an operator must be trained inside this module. Unlike a prediction from the fields at the anchors
    alone, u depends on what lies between them.

    Args:
        operator: M, any of `manojax.MODELS`.
        anchors: coordinates of the training grid along each axis, in the unit that calls will have.
        filter_width: standard deviation of g by the mean distance of neighbouring anchors.

    Raises:
        ValueError: an axis of fewer than two anchors, more or fewer axes than the operator has dimensions, or a
            width that is not positive.
    """

    divides_itself = True

    def __init__(self, operator: Operator, anchors: Coordinates, *, filter_width: float = FILTER_WIDTH):
        if not filter_width > 0:
            raise ValueError(f"filter width {filter_width} must be positive")
        self.in_channels, self.dimensions = operator.in_channels, operator.dimensions  # of the fields, checked
        self.operator, self.filter_width = operator, filter_width
        self.anchors = tuple(tuple(map(float, np.asarray(axis))) for axis in anchors)
        if len(self.anchors) != operator.dimensions:
            raise ValueError(
                f"anchors along {len(self.anchors)} axes: give coordinates along each axis of the grid, "
                f"of which the operator has dimensions={operator.dimensions}"
            )
        if min(map(len, self.anchors)) < 2:
            raise ValueError(f"{' x '.join(str(len(axis)) for axis in self.anchors)} anchors: an axis needs two")

    def forward(
        self,
        fields: Float[Array, "batch *grid channel"],
        coordinates: Coordinates | None,
        space: Space | None = None,
    ) -> Float[Array, "batch *grid out"]:
        """Map fields to fields; with a `space`, whole ones, and the operator computes a piece of its grid."""
        points = [axis.astype(jnp.float32) for axis in coordinates_or_nodes(fields.shape[1:-1], coordinates)]
        anchors = [np.array(axis) for axis in self.anchors]
        averages = [_averages(at, of, self.filter_width) for at, of in zip(anchors, points, strict=True)]
        on = tuple(axis.astype(np.float32) for axis in anchors)
        held = by_pieces(self.operator, _along_axes(averages, fields), on, space)
        return _along_axes([_splines(of, at) for of, at in zip(anchors, points, strict=True)], held)


def _averages(
    anchors: Float[np.ndarray, " anchor"], points: Float[Array, " point"], width: float
) -> Float[Array, "anchor point"]:
    """The weights of points in the average around each anchor.

    As a softmax: where points are much farther apart than the Gaussian is wide, it takes the nearest one.
    """
    steps = jnp.diff(points)
    cells = jnp.concatenate([steps[:1], steps[:-1] + steps[1:], steps[-1:]])
    deviation = width * (anchors[-1] - anchors[0]) / (len(anchors) - 1)
    distance = (jnp.asarray(anchors, jnp.float32)[:, None] - points[None, :]) / deviation
    return jax.nn.softmax(jnp.log(cells)[None, :] - distance**2 / 2, axis=1)


def _splines(
    anchors: Float[np.ndarray, " anchor"], points: Float[Array, " point"]
) -> Float[Array, "point anchor"]:
    """The values at the points of every anchor's cardinal spline; the outermost polynomials are continued."""
    from scipy.interpolate import CubicSpline  # a fifth of what importing manojax would take

    coefficients = jnp.asarray(CubicSpline(anchors, np.eye(len(anchors))).c, jnp.float32)
    knots = jnp.asarray(anchors, jnp.float32)
    interval = jnp.clip(jnp.searchsorted(knots, points, side="right") - 1, 0, len(anchors) - 2)
    offset = points - knots[interval]
    powers = jnp.stack([offset**exponent for exponent in (3, 2, 1, 0)])
    return jnp.einsum("kp,kpa->pa", powers, coefficients[:, interval], precision="highest")


def _along_axes(matrices: list[Array], x: Array) -> Array:
    """One matrix along each axis of a grid."""
    for axis, matrix in enumerate(matrices, start=1):
        moved = jnp.tensordot(matrix, x.astype(jnp.float32), ((1,), (axis,)), precision="highest")
        x = jnp.moveaxis(moved, 0, axis)
    return x
