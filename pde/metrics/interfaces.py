"""Regions of a grid in which errors are measured: the border, near interfaces of an input, elsewhere.

An interface runs between two neighbouring points whose values differ by more than a tenth of the larger.
Near it are the points within two cells: both points beside it and the next ones, diagonally too.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import maximum_filter

JUMP = 0.1
"""Least difference of neighbours at an interface, as a fraction of the larger magnitude."""

Fields = Float[np.ndarray, " sample *grid"]
Points = Bool[np.ndarray, " sample *grid"]


def region_rms(fields: Fields, region: Points) -> Float[np.ndarray, " sample"]:
    """Root mean square of each field over the points of a region; NaN for a sample that has none."""
    points = tuple(range(1, fields.ndim))
    count = region.sum(axis=points)
    squares = np.sum(fields**2, axis=points, where=region)
    return np.sqrt(np.where(count > 0, squares / np.maximum(count, 1), np.nan))


def border(shape: tuple[int, ...]) -> Points:
    """The outermost points of a grid (sample, *grid); they lie on the domain's border only on nodes."""
    points = np.ones(shape, bool)
    points[:, *[slice(1, -1)] * (len(shape) - 1)] = False
    return points


def near_interfaces(fields: Fields) -> Points:
    """Points within two cells of an interface."""
    beside = np.zeros(fields.shape, bool)
    for axis in range(1, fields.ndim):
        a = np.moveaxis(fields, axis, 1)
        jumps = np.abs(np.diff(a, axis=1)) > JUMP * np.maximum(np.abs(a[:, 1:]), np.abs(a[:, :-1]))
        marked = np.moveaxis(beside, axis, 1)  # a view
        marked[:, 1:] |= jumps
        marked[:, :-1] |= jumps
    return maximum_filter(beside, size=(1, *[3] * (fields.ndim - 1)))


def piecewise_constant(fields: Fields) -> bool:
    """Tell if fields are piecewise constant: most neighbouring points hold the same value."""
    equal = [np.diff(fields, axis=axis).ravel() == 0 for axis in range(1, fields.ndim)]
    return bool(np.concatenate(equal).mean() > 0.5)
