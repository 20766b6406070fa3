"""Relative errors of fields, one value a sample, on any grid.

Norms are sums over points, as in the literature of neural operators; in relative errors equal weights cancel.
Fields are (batch, *grid, channel) in physical units, on one to three axes; the caller takes means over samples.
"""

import functools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from numpy.typing import ArrayLike

from manojax.layers.coordinates import Coordinates, Periods

Fields = Float[Array, "batch *grid channel"]
PerSample = Float[Array, " batch"]


def relative_l2(predicted: Fields, true: Fields) -> PerSample:
    """||p - u|| / ||u||.

    Like `LpLoss` of neuraloperator, which also sums over a batch and adds 1e-8 to the denominator.
    """
    return _root(relative_mse(predicted, true))


def relative_mse(predicted: Fields, true: Fields) -> PerSample:
    """||p - u||^2 / ||u||^2: the square of `relative_l2` for each sample, though not for their means."""
    scale = _scale(true)
    return _squared((predicted - true) * scale) / _squared(true * scale)


def relative_h1(
    predicted: Fields, true: Fields, coordinates: Coordinates, periods: Periods | None = None
) -> PerSample:
    """Relative error in the norm ||u||^2 + ||du/dx||^2 + ||du/dy||^2, with as many derivatives as axes.

    Derivatives are central differences at true coordinates, one-sided at the ends of an axis, as in
    `numpy.gradient`, and over the seam of an axis with a period. Their weight in the norm depends on the unit of
    the coordinates. Coordinates must be known when this is compiled.

    `H1Loss(d=2)` of neuraloperator has the same differences inside. At the ends of an axis its differences are
    periodic or, on request, of third order, and its spacing is 1/n unless given. Its values therefore differ, by a
    few thousandths for smooth fields of known spacing that vanish on the border.
    """
    scale = _scale(true)
    error = (predicted - true) * scale
    return _root(_squared_h1(error, coordinates, periods) / _squared_h1(true * scale, coordinates, periods))


def _scale(true: Fields) -> Float[Array, " batch *ones"]:
    """A power of two for each sample that brings its largest value near one, so that squares stay within
    float32."""
    _, exponent = jnp.frexp(jnp.max(jnp.abs(true), axis=tuple(range(1, true.ndim)), keepdims=True))
    return jnp.ldexp(jnp.ones_like(exponent, true.dtype), -exponent)


def _root(square: PerSample) -> PerSample:
    """Square root whose gradient at zero is zero, where a prediction is exact."""
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)


def _squared(fields: Fields) -> PerSample:
    return jnp.sum(fields**2, axis=tuple(range(1, fields.ndim)))


def _squared_h1(fields: Fields, coordinates: Coordinates, periods: Periods | None) -> PerSample:
    along = zip(coordinates, periods or (None,) * len(coordinates), strict=True)
    derivatives = [_derivative(jnp.moveaxis(fields, axis, 1), *each) for axis, each in enumerate(along, 1)]
    return functools.reduce(jnp.add, map(_squared, (fields, *derivatives)))


def _derivative(
    fields: Float[Array, "batch n *others channel"], points: ArrayLike, period: float | None
) -> Float[Array, "batch n *others channel"]:
    """Derivative along axis 1. Inside, the two one-sided slopes weighted for second order on any spacing."""
    if period is not None:
        known = np.asarray(points, np.float64)
        points = np.concatenate([known[-1:] - period, known, known[:1] + period])
        fields = jnp.concatenate([fields[:, -1:], fields, fields[:, :1]], axis=1)
    # Distances are taken in float64: coordinates may be large and their distances small.
    distances = np.diff(np.asarray(points, np.float64)).reshape(1, -1, *[1] * (fields.ndim - 2))
    steps = jnp.asarray(distances, jnp.float32)
    slopes = jnp.diff(fields, axis=1) / steps
    before, after = steps[:, :-1], steps[:, 1:]
    inner = (after * slopes[:, :-1] + before * slopes[:, 1:]) / (before + after)
    if period is not None:
        return inner
    return jnp.concatenate([slopes[:, :1], inner, slopes[:, -1:]], axis=1)


RELATIVE = ("relative_l2", "relative_mse", "relative_h1")
"""Names of the relative errors that every table has."""


def sample_errors(
    predicted: np.ndarray, true: np.ndarray, coordinates: Coordinates, periods: Periods | None = None
) -> dict[str, np.ndarray]:
    """All three relative errors of every sample, by name."""
    p, u = jnp.asarray(predicted), jnp.asarray(true)
    each = relative_l2(p, u), relative_mse(p, u), relative_h1(p, u, coordinates, periods)
    return {name: np.asarray(values) for name, values in zip(RELATIVE, each, strict=True)}


def mean_errors(blocks: Sequence[dict[str, np.ndarray]]) -> dict[str, float]:
    """Means over the samples of all blocks."""
    return {
        name: float(np.mean(np.concatenate([block[name] for block in blocks]), dtype=np.float64))
        for name in blocks[0]
    }
