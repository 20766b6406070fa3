"""Several predictions of the same fields, scored side by side on one stride of a data file."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from pde.data.data_file import DataFile
from pde.equations.registry import EQUATIONS
from pde.metrics.interfaces import near_interfaces, piecewise_constant
from pde.metrics.norms import mean_errors
from pde.metrics.per_sample import Errors, Fields, Residual, score, summarise
from pde.system.errors import InputError
from pde.system.progress import progress

_ENOUGH = slice(10)

Predict = Callable[[slice], Mapping[str, Fields]]


def compare(data: DataFile, stride: int, label: str, predict: Predict) -> dict[str, Any]:
    """Errors of all samples of a file on one of its strides.

    Points near interfaces are told apart where an input is piecewise constant. On the file's own grid, the
    residuals in the discrete equation are added where these are nodes and our solver takes the file, with that of
    the file's solution.

    Args:
        data: a file that holds solutions.
        stride: of both axes.
        label: of the progress bar.
        predict: from samples of the file to predictions on the strided grid, by name.

    Returns:
        {name: `pde.metrics.per_sample.summarise`}, and {"truth": {"residual"}} if residuals are there.

    Raises:
        InputError: bad data.
    """
    grid = data.grid.strided(stride)
    broken, residuals = _with_interfaces(data), _has_residuals(data, stride)
    scores: dict[str, list[Errors]] = defaultdict(list)
    for samples in progress(data.blocks(), label, unit="block"):
        true = data.read_solution(samples, stride)
        near = None if broken is None else near_interfaces(data.read(broken, samples, stride))
        residual = _residual(data, samples) if residuals else None
        for name, predicted in predict(samples).items():
            scores[name].append(score(predicted, true, grid, near, residual))
        if residual is not None:
            scores["truth"].append({"residual": residual(true[..., 0])})
    truth = {"truth": mean_errors(scores.pop("truth"))} if residuals else {}
    return {name: summarise(blocks) for name, blocks in scores.items()} | truth


def why_unsolvable(data: DataFile) -> str | None:
    """Return why the equation of a file cannot be solved on its own grid; None where it can.

    All inputs are read. Whether they are those of the equation that their names stand for cannot be known:
    `Equation.assumed` says what is taken for granted.

    Raises:
        InputError: data that cannot be read.
    """
    equation = data.equation
    if equation is None:
        known = " or ".join(" and ".join(each.inputs) for each in EQUATIONS.values())
        return f"the file holds no {known}"
    for block in data.blocks():
        inputs = [data.read(name, block) for name in equation.inputs]
        try:
            equation.check(*inputs, data.grid)
        except InputError as error:
            return str(error)
    return None


def _has_residuals(data: DataFile, stride: int) -> bool:
    """Tell if residuals mean something: on cell centres several schemes are in use, each with its own residual."""
    return stride == 1 and data.grid.on_nodes and why_unsolvable(data) is None


def _residual(data: DataFile, samples: slice) -> Residual:
    assert data.equation is not None  # or it could not be solved
    equation, inputs = data.equation, [data.read(name, samples) for name in data.equation.inputs]
    return lambda solution: equation.residual(*inputs, solution, data.grid)


def _with_interfaces(data: DataFile) -> str | None:
    """The first input that is piecewise constant."""
    few = data.blocks(_ENOUGH)[0]
    return next((name for name in data.inputs if piecewise_constant(data.read(name, few))), None)
