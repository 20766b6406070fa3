"""Inputs outside of the training data: a model's measured errors say nothing about predictions there."""

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.data.data_file import DataFile
from pde.grids.grid import Grid
from pde.preprocessing.normalisation import Range
from pde.preprocessing.scale import sizes
from pde.runs.description import Description

_SLACK = 1 / 4  # of the range, or of its logarithm if all values are positive, within which other samples lie
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Seen:
    """The inputs of a training."""

    ranges: Mapping[str, Range]
    """The range of each input field, as far as known."""
    grid: Grid
    equation: str = ""
    """The equation of the data; empty if their file does not name it."""
    as_ratios: bool = False
    """True if the model saw ratios to means, whose ranges these are (`pde.preprocessing.scale`)."""


def seen_by(trained: Description) -> Seen:
    """Return the training inputs of a model. Version 0.1.0 recorded no ranges."""
    names, ranges = trained.view.inputs, trained.normalisation.input_range
    channels = len(ranges) - trained.normalisation.solutions
    each = max(1, channels // len(names))  # an input has several channels, such as its two means
    parts = [ranges[first : first + each] for first in range(0, channels, each)]
    merged = [(min(low for low, _ in part), max(high for _, high in part)) for part in parts]
    ranges_by_name = dict(zip(names, merged, strict=False))
    return Seen(ranges_by_name, trained.grid, trained.equation, bool(trained.view.scaling))


class Extrapolation:
    """Compares the inputs that a model is given with those of its training."""

    def __init__(self, seen: Seen):
        self._seen = seen
        self._ranges: dict[str, Range] = {}

    def note(self, fields: Float[AnyArray, "sample *grid channel"]) -> None:
        """Take in some inputs of the model, one channel for each of its input fields."""
        compared = np.asarray(fields / sizes(fields) if self._seen.as_ratios else fields)
        for channel, name in enumerate(self._seen.ranges):
            values = compared[..., channel]
            low, high = float(values.min()), float(values.max())
            before = self._ranges.get(name, (low, high))
            self._ranges[name] = min(low, before[0]), max(high, before[1])

    def found(self, data: DataFile | None = None) -> list[str]:
        """List each difference: ranges of the noted inputs and, for their file, the domain and the equation."""
        seen, found = self._seen, []
        for name, (low, high) in self._ranges.items():
            known = seen.ranges[name]
            if _outside((low, high), known):
                said = f"{name} over its mean" if seen.as_ratios else name
                found.append(f"{said} is {low:.3g} to {high:.3g}, was {known[0]:.3g} to {known[1]:.3g}")
        if data is None:
            return found
        own, its = seen.grid, data.grid
        slack = 2 * max(own.spacing, its.spacing)  # a grid of unknown domain ends at its own points
        if np.abs(np.subtract(its.ends, own.ends)).max() > slack:
            found.append(f"the domain is {_spoken(its)}, was {_spoken(own)}")
        equation = data.attributes.get("equation", "")
        if seen.equation and equation and equation != seen.equation:
            found.append(f"the equation is {equation}, was {seen.equation}")
        return found

    def say(self, data: DataFile) -> None:
        """Print one line on standard error if the inputs of a file lie outside of the training data."""
        found = self.found(data)
        if found:
            print(f"manojax: {data.path}: outside of what training saw: {'; '.join(found)}", file=sys.stderr)


def warn(trained: Description, fields: Float[AnyArray, "sample *grid channel"]) -> None:
    """Warn the caller of a surrogate about values outside of the training data."""
    extrapolation = Extrapolation(seen_by(trained))
    extrapolation.note(fields)
    found = extrapolation.found()
    if found:
        warnings.warn(f"outside of what training saw: {'; '.join(found)}", stacklevel=3)


def _outside(values: Range, known: Range) -> bool:
    """Tell if values reach further than those of another sample from the same distribution would."""
    (low, high), (known_low, known_high) = values, known
    rounding = _ROUNDING * max(abs(known_low), abs(known_high))
    if known_low > 0:
        if low <= 0:
            return True
        low, high, known_low, known_high = map(np.log, (low, high, known_low, known_high))
        rounding = _ROUNDING
    slack = _SLACK * (known_high - known_low) + rounding
    return bool(low < known_low - slack or high > known_high + slack)


def _spoken(grid: Grid) -> str:
    return " x ".join(f"[{low:g}, {high:g}]" for low, high in grid.ends)
