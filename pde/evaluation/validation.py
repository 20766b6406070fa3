"""Coarse solves of the validation samples of a training: the errors that the trained model must beat."""

from collections import defaultdict
from typing import Any

from pde.data.data_file import DataFile
from pde.evaluation.baselines import CoarseSolves
from pde.evaluation.block import Block
from pde.metrics.norms import mean_errors
from pde.metrics.quantities import errors_of_quantities


def coarse_errors(data: DataFile, samples: slice, resolution: int) -> dict[str, float]:
    """Compute the mean relative L2 of coarse solves of some samples, by the name of the scheme.

    Args:
        data: a file that holds solutions.
        samples: samples to solve.
        resolution: points along axis 1 of the grid to solve on.

    Returns:
        The errors; empty if our solvers do not take the file, or one of them did not converge.

    Raises:
        InputError: a resolution that the file cannot be strided to, or bad data.
    """
    stride = data.stride_to(resolution)
    solves, grid = CoarseSolves(data, [stride]), data.grid.strided(stride)
    errors: dict[str, list[Any]] = defaultdict(list)
    for chosen in data.blocks(samples) if solves.solvable.equation else ():
        block = Block.read(data, chosen, {*data.output_names, *solves.inputs})
        solves.solvable.check(block)
        for scheme, solutions in solves(block).get(stride, {}).items():
            errors[scheme].append(errors_of_quantities(solutions, block.outputs(stride), data.quantities, grid))
    if solves.failed:
        return {}
    return {scheme: mean_errors(blocks)["relative_l2"] for scheme, blocks in errors.items()}
