"""Relative errors of fields, one value a sample, on any grid.

Norms are sums over points, as in the literature of neural operators; relative, so that equal weights cancel.
Fields are (batch, height, width, channel) in physical units; a mean over samples is the caller's.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from manojax.grids import Coordinates

Fields = Float[Array, "batch height width channel"]
PerSample = Float[Array, " batch"]


def relative_l2(predicted: Fields, true: Fields) -> PerSample:
    """||p - u|| / ||u||."""
    return jnp.sqrt(relative_mse(predicted, true))


def relative_mse(predicted: Fields, true: Fields) -> PerSample:
    """||p - u||^2 / ||u||^2: the square of `relative_l2` for each sample, though not for their means."""
    return _squared(predicted - true) / _squared(true)


def relative_h1(predicted: Fields, true: Fields, coordinates: Coordinates) -> PerSample:
    """Relative error in the norm ||u||^2 + ||du/dx||^2 + ||du/dy||^2.

    Derivatives are central differences at true coordinates, one-sided at the ends of an axis, as `numpy.gradient`
    has them; the norm weighs them by the unit of the coordinates.
    """
    error = predicted - true
    return jnp.sqrt(_squared_h1(error, coordinates) / _squared_h1(true, coordinates))


def _squared(fields: Fields) -> PerSample:
    return jnp.sum(fields**2, axis=(1, 2, 3))


def _squared_h1(fields: Fields, coordinates: Coordinates) -> PerSample:
    x, y = coordinates
    along_x = _derivative(fields, jnp.asarray(x, fields.dtype))
    along_y = _derivative(fields.swapaxes(1, 2), jnp.asarray(y, fields.dtype))
    return _squared(fields) + _squared(along_x) + _squared(along_y)


def _derivative(
    fields: Float[Array, "batch n m channel"], axis: Float[Array, " n"]
) -> Float[Array, "batch n m channel"]:
    """Derivative along axis 1. Inside, the two one-sided slopes weighted for second order on any spacing."""
    steps = jnp.diff(axis)[None, :, None, None]
    slopes = jnp.diff(fields, axis=1) / steps
    before, after = steps[:, :-1], steps[:, 1:]
    inner = (after * slopes[:, :-1] + before * slopes[:, 1:]) / (before + after)
    return jnp.concatenate([slopes[:, :1], inner, slopes[:, -1:]], axis=1)


def sample_errors(predicted: np.ndarray, true: np.ndarray, coordinates: Coordinates) -> dict[str, np.ndarray]:
    """All three relative errors of every sample, by name."""
    p, u = jnp.asarray(predicted), jnp.asarray(true)
    each = {
        "relative_l2": relative_l2(p, u),
        "relative_mse": relative_mse(p, u),
        "relative_h1": relative_h1(p, u, coordinates),
    }
    return {name: np.asarray(values) for name, values in each.items()}


def mean_errors(blocks: Sequence[dict[str, np.ndarray]]) -> dict[str, float]:
    """Means over the samples of all blocks."""
    return {
        name: float(np.mean(np.concatenate([block[name] for block in blocks]), dtype=np.float64))
        for name in blocks[0]
    }
