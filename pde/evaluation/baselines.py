"""The coarse solve as a baseline: what solving the equation again gives on the grids of a table, at what cost.

McGreivy and Hakim, "Weak baselines and reporting biases lead to overoptimism in machine learning for fluid-related
partial differential equations", Nature Machine Intelligence 2024, say why a table needs it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pde.data.data_file import DataFile
from pde.equations.equation import Equation
from pde.evaluation.compare import compare, why_unsolvable
from pde.metrics.per_sample import Fields
from pde.system.timing import median_milliseconds


def coarse_baseline(data: DataFile, resolutions: Sequence[int]) -> dict[str, Any]:
    """Errors of coarse solves (`Equation.solve`) on strides of a data file, with their milliseconds a sample.

    On grids coarser than the file's own there are all schemes of the equation, on that grid those that see
    nothing finer. There, on nodes, the first scheme is the one that made the file, if we did, and its time is the
    price of the truth.

    Returns:
        {"equation", "assumed": what is taken for granted of it, "samples", "rows": [{"resolution", "shape",
        "stride", scheme: {as `pde.evaluation.compare.compare`, "milliseconds"}}]}, or {"left_out": why} where
        there is nothing that our solver takes or it did not converge.

    Raises:
        InputError: a resolution that the file cannot be strided to, or bad data.
    """
    strides = [data.stride_to(resolution) for resolution in resolutions]
    equation, reason = data.equation, why_unsolvable(data)
    if equation is None or reason is not None:
        return {"left_out": reason}
    try:
        rows = [_row(data, equation, stride) for stride in strides]
    except ArithmeticError as error:
        return {"left_out": str(error)}
    says = data.attributes.get("equation", "nothing of its equation")
    assumed = f"{equation.assumed}; the file says: {says}"
    return {"equation": equation.formula, "assumed": assumed, "samples": data.samples, "rows": rows}


def errors_by_scheme(coarse: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Mean relative L2 of each scheme by resolution: curves for `pde.plots.errors_by_grid`.

    Without the file's own grid, where a solve is not coarse and its error may be zero.
    """
    curves: dict[str, dict[int, float]] = {}
    for row in (row for row in coarse.get("rows", []) if row["stride"] > 1):
        for scheme, errors in schemes(row).items():
            curves.setdefault(f"coarse solve, {scheme}", {})[row["resolution"]] = errors["relative_l2"]
    return curves


def schemes(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Errors by scheme in a row of `coarse_baseline`."""
    return {name: each for name, each in row.items() if isinstance(each, Mapping) and "relative_l2" in each}


def _row(data: DataFile, equation: Equation, stride: int) -> dict[str, Any]:
    grid, names = data.grid.strided(stride), equation.schemes(stride)

    def predict(samples: slice) -> dict[str, Fields]:
        return _solutions(data, equation, samples, stride)

    errors = compare(data, stride, f"coarse solve at {grid.shape[0]}", predict)
    first = [data.read(name, slice(1))[0] for name in equation.inputs]
    for scheme in names:
        errors[scheme]["milliseconds"] = median_milliseconds(
            lambda scheme=scheme: equation.solve(scheme, first, data.grid, stride)
        )
    return {"resolution": grid.shape[0], "shape": list(grid.shape), "stride": stride, **errors}


def _solutions(data: DataFile, equation: Equation, samples: slice, stride: int) -> dict[str, Fields]:
    """The fine inputs are read a few at a time: they may be far larger than the solutions."""
    solved: dict[str, list[np.ndarray]] = {scheme: [] for scheme in equation.schemes(stride)}
    for block in data.blocks(samples):
        for inputs in zip(*(data.read(name, block) for name in equation.inputs), strict=True):
            for scheme, solutions in solved.items():
                solutions.append(equation.solve(scheme, inputs, data.grid, stride).astype(np.float32))
    return {scheme: np.stack(solutions)[..., None] for scheme, solutions in solved.items()}
