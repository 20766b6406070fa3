"""Plain coarse solves of all sets, on the points that models are trained on.

A solve is the mean of the solutions of the strided coefficient with arithmetic and with harmonic faces. The set of
neuraloperator marks the phases by 0 and 1 alone. Its solve has harmonic faces, and the ratio of the phases and the
scale of the solutions are those with the least relative MSE on its training file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.optimize import fminbound

from benchmarks.accuracy.paper import interfaces, models, transfer
from benchmarks.accuracy.paper.rows import Row
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.evaluation.baselines import coarse_baseline
from pde.metrics import mean_errors, sample_errors
from pde.solvers.elliptic import solve
from pde.system.timing import median_milliseconds

SETS = models.SETS | interfaces.SETS
Fields = Float[np.ndarray, "sample height width"]


def rows(sets: Sequence[str], folder: Path, data: Path, small: bool) -> Iterator[Row]:
    for name in sets:
        train, test = map(datasets.open, SETS[name].files(folder, data, small))
        resolution = SETS[name].resolution
        found = fitted(train, test) if resolution is None else mean(test, [resolution])[0]
        row = {"of": {"set": name, "case": "coarse-solve"}, **found}
        if name in transfer.SETS and not small:
            row["by_grid"] = mean(test, transfer.GRIDS)
        yield row


def mean(test: DataFile, resolutions: Sequence[int]) -> list[Row]:
    wanted = ("relative_mse", "relative_l2", "relative_near_interface", "relative_elsewhere", "milliseconds")
    return [
        {"resolution": row["resolution"], **{name: row["mean"][name] for name in wanted if name in row["mean"]}}
        for row in coarse_baseline(test, resolutions)["rows"]
    ]


def fitted(train: DataFile, test: DataFile) -> Row:
    """Fit the ratio of the phases and the scale to a training file, and return the errors on a test file."""
    phases, true = train.read("coefficient"), train.read_outputs()[..., 0]

    def error(logarithm: float) -> float:
        return _scale(solved(phases, float(np.exp(logarithm))), true)[1]

    ratio = float(np.exp(fminbound(error, 0.0, 5.0, xtol=1e-3)))
    scale, _ = _scale(solved(phases, ratio), true)
    predicted = scale * solved(test.read("coefficient"), ratio)
    errors = sample_errors(predicted[..., None], test.read_outputs(), test.grid.axes)
    first = test.read("coefficient", slice(1))
    return {
        **{name: float(each) for name, each in mean_errors([errors]).items()},
        "milliseconds": median_milliseconds(lambda: solved(first, ratio)),
        "fitted": {"ratio": ratio, "scale": scale},
    }


def solved(phases: Fields, ratio: float) -> Fields:
    """Return solutions for coefficients 1 and `ratio`.

    The points are i / n, i < n, of the unit square. The row and the column on the far border are not in the file;
    there the coefficient is that of the points beside it.
    """
    padded = np.pad(phases.astype(np.float64), ((0, 0), (0, 1), (0, 1)), mode="edge")
    with jax.enable_x64(True):
        found = _solve(jnp.asarray(1 + (ratio - 1) * padded))
    return np.asarray(found[:, :-1, :-1], np.float32)


@jax.jit
def _solve(coefficient: jax.Array) -> jax.Array:
    spacing = (1 / (coefficient.shape[1] - 1), 1 / (coefficient.shape[2] - 1))
    return jax.lax.map(
        lambda a: solve(a, jnp.ones_like(a), spacing=spacing, faces="harmonic").solution, coefficient
    )


def _scale(found: Fields, true: Fields) -> tuple[float, float]:
    """Return the factor with the least mean relative MSE, and that error."""
    size = (true**2).sum(axis=(1, 2), dtype=np.float64)
    both = ((found * true).sum(axis=(1, 2), dtype=np.float64) / size).mean()
    square = ((found**2).sum(axis=(1, 2), dtype=np.float64) / size).mean()
    return float(both / square), float(1 - both**2 / square)
