"""The coarse solve as a baseline: what solving the equation again gives on the grids of a table, at what cost.

McGreivy and Hakim, "Weak baselines and reporting biases lead to overoptimism in machine learning for fluid-related
partial differential equations", Nature Machine Intelligence 2024, say why a table needs it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from jaxtyping import Float

from pde.coarse import CoarseFaces, coarse_solve
from pde.coarse_cells import solve_cells
from pde.comparison import compare
from pde.datasets import DataFile
from pde.grid import Grid
from pde.scores import Fields
from pde.solvable import right_hand_side, why_unsolvable
from pde.timing import median_milliseconds

_FACES: tuple[CoarseFaces, ...] = get_args(CoarseFaces)


def coarse_baseline(data: DataFile, resolutions: Sequence[int]) -> dict[str, Any]:
    """Errors of coarse solves (`solve_strided`) on strides of a data file, with their milliseconds a sample.

    Faces are those of the strided coefficient (arithmetic, harmonic, the mean of both solutions) and, on grids
    coarser than the file's own, upscaled from the file's. On that grid, if it is of nodes, the arithmetic solve
    is the one that made the file, if our scheme did, and its time is the price of the truth.

    Returns:
        {"assumed": what is taken for the right-hand side, "samples", "rows": [{"resolution", "shape",
        faces: {as `pde.comparison.compare`, "milliseconds"}}]}, or {"left_out": why} where there is nothing that
        our solver takes or it did not converge.

    Raises:
        InputError: a resolution that the file cannot be strided to, or bad data.
    """
    strides = [data.stride_to(resolution) for resolution in resolutions]
    reason = why_unsolvable(data)
    if reason is not None:
        return {"left_out": reason}
    try:
        rows = [_row(data, stride) for stride in strides]
    except ArithmeticError as error:
        return {"left_out": str(error)}
    return {"assumed": right_hand_side(data), "samples": data.samples, "rows": rows}


def errors_by_faces(coarse: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Mean relative L2 of each kind of faces by resolution: curves for `pde.plots.errors_by_grid`.

    Without the file's own grid, where a solve is not coarse and its error may be zero.
    """
    curves: dict[str, dict[int, float]] = {}
    for row in coarse.get("rows", []):
        for faces in (each for each in _FACES if "upscaled" in row):
            curves.setdefault(f"coarse solve, {faces}", {})[row["resolution"]] = row[faces]["relative_l2"]
    return curves


def _row(data: DataFile, stride: int) -> dict[str, Any]:
    grid = data.grid.strided(stride)
    kinds: list[CoarseFaces] = [faces for faces in _FACES if stride > 1 or faces != "upscaled"]
    errors = compare(
        data, stride, f"coarse solve at {grid.shape[0]}", lambda s: _solutions(data, s, stride, kinds)
    )
    first = data.read("coefficient", slice(1))[0]
    for faces in kinds:
        errors[faces]["milliseconds"] = median_milliseconds(
            lambda faces=faces: solve_strided(first, data.grid, stride, faces)
        )
    return {"resolution": grid.shape[0], "shape": list(grid.shape), **errors}


def _solutions(data: DataFile, samples: slice, stride: int, kinds: Sequence[CoarseFaces]) -> dict[str, Fields]:
    """The fine coefficients are read a few at a time: they may be far larger than the solutions."""
    coefficients = (a for block in data.blocks(samples) for a in data.read("coefficient", block))
    solved = [
        [solve_strided(a, data.grid, stride, faces).astype(np.float32) for faces in kinds] for a in coefficients
    ]
    return {faces: np.stack(each)[..., None] for faces, each in zip(kinds, zip(*solved, strict=True), strict=True)}


def solve_strided(
    coefficient: Float[np.ndarray, "height width"], grid: Grid, stride: int, faces: CoarseFaces
) -> Float[np.ndarray, "coarse_height coarse_width"]:
    """The coarse solve from what it needs: the strided coefficient alone, but for upscaled faces the fine one.

    By `pde.coarse.coarse_solve` on nodes, by `pde.coarse_cells.solve_cells` on points inside the border.

    Raises:
        InputError, ArithmeticError: as these two.
    """
    if faces == "mean":
        both = [solve_strided(coefficient, grid, stride, mean) for mean in ("arithmetic", "harmonic")]
        return (both[0] + both[1]) / 2
    if faces != "upscaled":
        coefficient, grid, stride = coefficient[::stride, ::stride], grid.strided(stride), 1
    if grid.on_nodes:
        return coarse_solve(coefficient, grid, stride, faces)
    return solve_cells(coefficient, grid, stride, "arithmetic" if faces == "upscaled" else faces)
