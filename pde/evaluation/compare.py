"""Predictions of several kinds scored side by side on strides of a data file, in one pass over its samples."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pde.data.data_file import DataFile
from pde.evaluation.block import Block
from pde.evaluation.solvable import Solvable
from pde.metrics.interfaces import near_interfaces, piecewise_constant
from pde.metrics.norms import mean_errors
from pde.metrics.per_sample import Errors, Fields, errors_of_all, summarise
from pde.system.progress import progress

_ENOUGH = 10  # number of samples that tell if a field is piecewise constant

Summaries = Mapping[int, Mapping[str, dict[str, Any]]]
"""Errors over all samples (`pde.metrics.per_sample.summarise`) by stride and name."""
ByStride = Mapping[int, Mapping[str, Fields]]
"""Predicted solutions by stride and name; a name is a mode or a scheme."""


@runtime_checkable
class Predictor(Protocol):
    """A function from fields on a file's grid to solutions on strides of that grid: a model or coarse solves."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the fields that the predictor takes."""
        ...

    def __call__(self, block: Block) -> ByStride:
        """Predict the solutions of some samples, leaving out strides and names that are impossible."""
        ...


@dataclass(frozen=True)
class Comparison:
    """The errors of several predictors on the same samples."""

    errors: Sequence[Summaries]
    """The errors of each predictor."""
    truth: Mapping[int, dict[str, Any]]
    """{"truth": {"residual": mean of the file's own outputs}} by stride, with further measures of the equation,
    where there are any."""
    first: Block
    """The first sample."""

    @property
    def data(self) -> DataFile:
        """The file."""
        return self.first.data


def compare(
    data: DataFile, strides: Sequence[int], predictors: Sequence[Predictor], solvable: Solvable, label: str
) -> Comparison:
    """Measure errors of all samples of a file on strides of its grid, reading each field once.

    Points near interfaces are told apart where an input is piecewise constant. On the file's own grid, if its
    points are nodes and our solver takes the file, residuals in the discrete equation and further measures of it
    are added, also for the file's own outputs.

    Args:
        data: a file that holds solutions.
        strides: strides along both axes.
        predictors: the predictors to compare.
        solvable: the equation of the file.
        label: label of the progress bar.

    Raises:
        InputError: bad data.
    """
    errors_of: dict[tuple[int, int, str], list[Errors]] = defaultdict(list)
    truths: list[Errors] = []
    measured: set[str] = set()
    names = {*data.output_names, *data.inputs, *solvable.inputs}.union(*(each.inputs for each in predictors))
    first, broken = None, None
    for samples in progress(data.blocks(), label, unit="block"):
        block = Block.read(data, samples, sorted(names))
        if first is None:
            first, broken = block.first(1), _with_interfaces(data, block)
        solvable.check(block)
        on_own_grid = solvable.measures(block) if 1 in strides else {}
        predicted = [predictor(block) for predictor in predictors]
        for stride in strides:
            true, grid = block.outputs(stride), data.grid.strided(stride)
            near = None if broken is None else near_interfaces(block.channels([broken], stride)[..., 0])
            measures = on_own_grid if stride == 1 else {}
            for number, name, fields in _on(stride, predicted):
                errors = errors_of_all(fields, true, grid, data.quantities, near, measures)
                errors_of[number, stride, name].append(errors)
            if measures:
                truths.append({name: measure(true) for name, measure in measures.items()})
                measured |= measures.keys()
    assert first is not None  # a file holds a sample
    if solvable.reason is not None:  # known only at the end: earlier blocks could be solved
        truths = []
        for errors in itertools.chain(*errors_of.values()):
            for name in measured:
                errors.pop(name, None)
    found: list[dict[int, dict[str, dict[str, Any]]]] = [{stride: {} for stride in strides} for _ in predictors]
    for (number, stride, name), blocks in errors_of.items():
        found[number][stride][name] = summarise(blocks)
    return Comparison(found, {1: {"truth": mean_errors(truths)}} if truths else {}, first)


def _on(stride: int, predicted: Sequence[ByStride]) -> Iterator[tuple[int, str, Fields]]:
    """Yield number of the predictor, name and fields of each prediction on a stride."""
    for number, by_stride in enumerate(predicted):
        for name, fields in by_stride.get(stride, {}).items():
            yield number, name, fields


def _with_interfaces(data: DataFile, block: Block) -> str | None:
    """Return the name of the first input that is piecewise constant, or None."""
    few = block.first(_ENOUGH).fields
    return next((name for name in data.inputs if piecewise_constant(few[name])), None)
