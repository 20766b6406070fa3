"""All errors of one predictor: per sample and block by block, then over all samples."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from pde.grids.grid import Grid
from pde.grids.kinds import Quantity
from pde.metrics.distribution import distribution
from pde.metrics.interfaces import Points, border, region_rms
from pde.metrics.norms import mean_errors, sample_errors
from pde.metrics.quantities import channels_of, together
from pde.metrics.spectra import band_rms

Fields = Float[np.ndarray, "sample *grid channel"]
Errors = dict[str, Float[np.ndarray, " sample"]]
Measure = Callable[[Fields], Float[np.ndarray, " sample"]]
"""A measure of outputs on the grid that needs no truth, such as their relative residual, one a sample."""


def errors_of_all(
    predicted: Fields,
    true: Fields,
    grid: Grid,
    quantities: Sequence[Quantity],
    near: Points | None = None,
    measures: Mapping[str, Measure] | None = None,
) -> Errors:
    """Every error of every sample and quantity, by name.

    For one quantity they are those of `all_errors`. For several, those of each are named as `relative_l2 of
    pressure`, and each relative error stands also as the mean over the quantities. The
    measures of every prediction are included.
    """
    each = {
        one.name: all_errors(channels_of(predicted, one), channels_of(true, one), grid, near) for one in quantities
    }
    errors = together(each) if len(each) > 1 else next(iter(each.values()))
    return errors | {name: measure(predicted) for name, measure in (measures or {}).items()}


def all_errors(predicted: Fields, true: Fields, grid: Grid, near: Points | None = None) -> Errors:
    """Every error of every sample of a scalar or a vector, by name.

    Besides the errors of `pde.metrics.sample_errors`, they are, with e = p - u: `absolute_rmse`;
    `absolute_maximum`, the largest |e|; and root mean squares of e by Fourier band (`absolute_low`, `_middle`,
    `_high`), on the outermost points (`absolute_boundary`) and, where points `near` interfaces are given,
    `absolute_near_interface` and `absolute_elsewhere`, NaN for a sample without such points. They have the unit of
    u. Each but the first also comes as `relative_...`: divided by the root mean square of u over all points, the
    maximum by the largest |u|. Squares of the relative bands add up to `relative_mse`. |.| of a vector is its
    length.
    """
    u, error = (_components(field) for field in (true, predicted.astype(np.float64) - true))
    regions = {"boundary": border(u[0].shape)}
    if near is not None:
        regions |= {"near_interface": near, "elsewhere": ~near}
    bands = [band_rms(component) for component in error]
    regional = {name: _length([each[name] for each in bands]) for name in bands[0]}
    regional |= {
        name: _length([region_rms(component, points) for component in error]) for name, points in regions.items()
    }
    size, points = _length(list(map(_rms, u))), tuple(range(1, u[0].ndim))
    largest = _length(error).max(axis=points)
    absolute = {"rmse": _length(list(map(_rms, error))), "maximum": largest} | regional
    relative = {name: each / size for name, each in regional.items()}
    relative["maximum"] = largest / _length(u).max(axis=points)
    errors = sample_errors(predicted, true, grid.axes, grid.periods)
    errors |= {f"relative_{name}": each for name, each in relative.items()}
    errors |= {f"absolute_{name}": each for name, each in absolute.items()}
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
    somewhere = {f"{kind}_{where}" for kind in ("relative", "absolute") for where in _SOMEWHERE}
    for name in [each for each in errors if each.split(" of ")[0] in somewhere]:
        errors[name] = errors[name][failed | ~np.isnan(errors[name])]
    means = mean_errors([{name: each for name, each in errors.items() if each.size}])
    return means | distribution(errors["relative_l2"])


def _components(fields: Fields) -> list[Float[np.ndarray, " sample *grid"]]:
    return [np.asarray(component, np.float64) for component in np.moveaxis(fields, -1, 0)]


def _length(components: Sequence[np.ndarray]) -> np.ndarray:
    """Return the length of a vector from its components, or from the root mean squares of its components."""
    return np.abs(components[0]) if len(components) == 1 else np.sqrt(np.sum(np.square(components), axis=0))


def _rms(fields: Float[np.ndarray, " sample *grid"]) -> Float[np.ndarray, " sample"]:
    return np.sqrt(np.mean(fields**2, axis=tuple(range(1, fields.ndim))))
