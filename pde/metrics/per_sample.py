"""All errors of one predictor: per sample and block by block, then over all samples."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.metrics.distribution import distribution
from pde.metrics.interfaces import Points, border, region_rms
from pde.metrics.norms import mean_errors, sample_errors
from pde.metrics.spectra import band_rms

Fields = Float[np.ndarray, "sample *grid 1"]
Errors = dict[str, Float[np.ndarray, " sample"]]
Residual = Callable[[Float[np.ndarray, " sample *grid"]], Float[np.ndarray, " sample"]]
"""Relative residuals of solutions on the grid, one a sample."""


def all_errors(
    predicted: Fields,
    true: Fields,
    grid: Grid,
    near: Points | None = None,
    residual: Residual | None = None,
) -> Errors:
    """Every error of every sample, by name.

    Besides the errors of `pde.metrics.sample_errors`, they are, with e = p - u: `absolute_rmse`;
    `absolute_maximum`, the largest |e|; and root mean squares of e by Fourier band (`absolute_low`, `_middle`,
    `_high`), on the outermost points (`absolute_boundary`) and, where points `near` interfaces are given,
    `absolute_near_interface` and `absolute_elsewhere`, NaN for a sample without such points. They have the unit of
    u. Each but the first also comes as `relative_...`: divided by the root mean square of u over all points, the
    maximum by the largest |u|. Squares of the relative bands add up to `relative_mse`. If `residual` is given, the
    `residual` of every prediction is included.
    """
    u, error = (np.asarray(field[..., 0], np.float64) for field in (true, predicted.astype(np.float64) - true))
    regions = {"boundary": border(u.shape)}
    if near is not None:
        regions |= {"near_interface": near, "elsewhere": ~near}
    regional = band_rms(error) | {name: region_rms(error, points) for name, points in regions.items()}
    points = tuple(range(1, u.ndim))
    largest = np.abs(error).max(axis=points)
    absolute = {"rmse": _rms(error), "maximum": largest} | regional
    relative = {name: each / _rms(u) for name, each in regional.items()}
    relative["maximum"] = largest / np.abs(u).max(axis=points)
    errors = sample_errors(predicted, true, grid.axes)
    errors |= {f"relative_{name}": each for name, each in relative.items()}
    errors |= {f"absolute_{name}": each for name, each in absolute.items()}
    if residual is not None:
        errors["residual"] = residual(predicted[..., 0])
    return errors


_SOMEWHERE = ("near_interface", "elsewhere")


def summarise(blocks: Sequence[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Means over all samples by name, and the distribution of relative L2
    (`pde.metrics.distribution.distribution`).

    Errors near interfaces and elsewhere are means over the samples that have such points, and are left out if no
    sample has any.
    """
    errors = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    failed = np.isnan(errors["relative_l2"])  # every error of such a sample is NaN
    for name in errors.keys() & {f"{kind}_{where}" for kind in ("relative", "absolute") for where in _SOMEWHERE}:
        errors[name] = errors[name][failed | ~np.isnan(errors[name])]
    means = mean_errors([{name: each for name, each in errors.items() if each.size}])
    return means | distribution(errors["relative_l2"])


def _rms(fields: Float[np.ndarray, " sample *grid"]) -> Float[np.ndarray, " sample"]:
    return np.sqrt(np.mean(fields**2, axis=tuple(range(1, fields.ndim))))
