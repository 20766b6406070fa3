"""Several predictions of the same fields, scored side by side on one stride of a data file."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from pde.datasets import DataFile
from pde.metrics import mean_errors
from pde.progress import progress
from pde.regions import near_interfaces, piecewise_constant
from pde.residual import relative_residual
from pde.scores import Errors, Fields, score, summarise
from pde.solvable import why_unsolvable

_ENOUGH = slice(10)

Predict = Callable[[slice], Mapping[str, Fields]]


def compare(data: DataFile, stride: int, label: str, predict: Predict) -> dict[str, Any]:
    """Errors of all samples of a file on one of its strides.

    Points near interfaces are told apart where the coefficient is piecewise constant. On the file's own grid, the
    residuals in the discrete equation are added where these are nodes and our solver takes the file, with that of
    the file's solution.

    Args:
        data: a file that holds solutions.
        stride: of both axes.
        label: of the progress bar.
        predict: from samples of the file to predictions on the strided grid, by name.

    Returns:
        {name: `pde.scores.summarise`}, and {"truth": {"residual"}} if residuals are there.

    Raises:
        InputError: bad data.
    """
    grid = data.grid.strided(stride)
    interfaces, residuals = _has_interfaces(data), _has_residuals(data, stride)
    scores: dict[str, list[Errors]] = defaultdict(list)
    for samples in progress(data.blocks(), label, unit="block"):
        true = data.read_solution(samples, stride)
        near = near_interfaces(data.read("coefficient", samples, stride)) if interfaces else None
        a = data.read("coefficient", samples) if residuals else None
        for name, predicted in predict(samples).items():
            scores[name].append(score(predicted, true, grid, near, a))
        if a is not None:
            scores["truth"].append({"residual": relative_residual(a, true[..., 0], grid)})
    truth = {"truth": mean_errors(scores.pop("truth"))} if residuals else {}
    return {name: summarise(blocks) for name, blocks in scores.items()} | truth


def _has_residuals(data: DataFile, stride: int) -> bool:
    """On cell centres there is more than one scheme in use, and a solution has a residual in its own alone."""
    return stride == 1 and data.grid.on_nodes and why_unsolvable(data) is None


def _has_interfaces(data: DataFile) -> bool:
    return "coefficient" in data.fields and piecewise_constant(data.read("coefficient", data.blocks(_ENOUGH)[0]))
