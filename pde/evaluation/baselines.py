"""The coarse solve as a baseline: errors and cost of solving the equation again on the grids of a table.

McGreivy and Hakim, "Weak baselines and reporting biases lead to overoptimism in machine learning for fluid-related
partial differential equations", Nature Machine Intelligence 2024, explain why a table needs it.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pde.data.data_file import DataFile
from pde.equations.equation import Equation
from pde.evaluation.block import Block
from pde.evaluation.compare import ByStride, Comparison, Summaries, compare
from pde.evaluation.solvable import Solvable
from pde.metrics.per_sample import Fields
from pde.system.timing import median_milliseconds


def coarse_baseline(data: DataFile, resolutions: Sequence[int]) -> dict[str, Any]:
    """Errors of coarse solves (`Equation.solve`) on strides of a data file, with their milliseconds a sample.

    Grids coarser than the file's own have all schemes of the equation, the file's own grid only the schemes that
    see nothing finer. On nodes, the first scheme there is the one of `manojax generate`; if that made the file,
    its time is the cost of the reference solution.

    Returns:
        {"equation", "assumed": assumptions about it, "samples", "rows": [{"resolution", "shape",
        "stride", scheme: {as `pde.evaluation.compare.compare`, "milliseconds"}}]}, or {"left_out": reason} if our
        solver does not take the file or did not converge.

    Raises:
        InputError: a resolution that the file cannot be strided to, or bad data.
    """
    strides = [data.stride_to(resolution) for resolution in resolutions]
    solves = CoarseSolves(data, strides)
    if solves.solvable.equation is None:
        return {"left_out": solves.solvable.reason}
    compared = compare(data, strides, [solves], solves.solvable, "coarse solves")
    return solves.report(compared.errors[0], compared)


class CoarseSolves:
    """All schemes of a file's equation on strides of its grid, as a predictor that needs no training.

    Args:
        data: the file.
        strides: strides to solve on.
    """

    def __init__(self, data: DataFile, strides: Sequence[int]):
        self.solvable = Solvable(data)
        self._strides = strides
        self._failed: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the equation's inputs."""
        return self.solvable.inputs

    def __call__(self, block: Block) -> ByStride:
        equation = self.solvable.equation
        if equation is None or self.failed is not None:
            return {}
        try:
            return {stride: self._solutions(equation, block, stride) for stride in self._strides}
        except ArithmeticError as error:
            self._failed = str(error)
            return {}

    def report(self, errors: Summaries, compared: Comparison) -> dict[str, Any]:
        """Return the result of `coarse_baseline`, given the errors that `compare` found."""
        equation, data = self.solvable.equation, compared.data
        if equation is None or self.failed is not None:
            return {"left_out": self.failed}
        says = data.attributes.get("equation", "nothing of its equation")
        assumed = f"{equation.assumed}; the file says: {says}"
        rows = [self._row(equation, stride, errors[stride], compared) for stride in self._strides]
        return {"equation": equation.formula, "assumed": assumed, "samples": data.samples, "rows": rows}

    @property
    def failed(self) -> str | None:
        """Reason why there are no solutions, or None."""
        return self.solvable.reason or self._failed

    def _solutions(self, equation: Equation, block: Block, stride: int) -> dict[str, Fields]:
        solved: dict[str, list[np.ndarray]] = {scheme: [] for scheme in equation.schemes(stride)}
        for inputs in zip(*block.named(self.inputs), strict=True):
            for scheme, solutions in solved.items():
                solutions.append(equation.solve(scheme, inputs, block.data.grid, stride).astype(np.float32))
        return {scheme: np.stack(solutions) for scheme, solutions in solved.items()}

    def _row(
        self, equation: Equation, stride: int, errors: Mapping[str, dict[str, Any]], compared: Comparison
    ) -> dict[str, Any]:
        fine, first = compared.data.grid, [field[0] for field in compared.first.named(self.inputs)]
        grid = fine.strided(stride)
        row: dict[str, Any] = {"resolution": grid.shape[0], "shape": list(grid.shape), "stride": stride}
        for scheme, errors_of_scheme in errors.items():
            solve = functools.partial(equation.solve, scheme, first, fine, stride)
            row[scheme] = errors_of_scheme | {"milliseconds": median_milliseconds(solve)}
        return row | compared.truth.get(stride, {})


def errors_by_scheme(coarse: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Return the mean relative L2 of each scheme by resolution, as curves for `pde.plots.errors_by_grid`.

    The file's own grid is left out: a solve there is not coarse, and its error may be zero.
    """
    curves: dict[str, dict[int, float]] = {}
    for row in (row for row in coarse.get("rows", []) if row["stride"] > 1):
        for scheme, errors in schemes(row).items():
            curves.setdefault(f"coarse solve, {scheme}", {})[row["resolution"]] = errors["relative_l2"]
    return curves


def schemes(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Errors by scheme in a row of `coarse_baseline`."""
    return {name: each for name, each in row.items() if isinstance(each, Mapping) and "relative_l2" in each}
