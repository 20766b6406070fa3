"""A test for symmetries in the distribution of samples.

Let w be a sample (its inputs and its solution), and s a symmetry with s(s(w)) = w. If w and s(w) have the same
distribution, then d = F(w) - F(s(w)) and -d have the same distribution, for any statistic F. So random signs in
the mean of d over samples show how large it may be by chance: a sign-flip test, exact for any number of samples
(Fisher, The Design of Experiments, 1935, section 21). Shifts along a periodic axis are not their own inverses:
there s is drawn for each sample, uniformly and by itself, and (w, s(w)) has the same distribution as (s(w), w).
The statistics here are the fields of a sample, their derivatives along all axes, and the products of any two of
these.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from pde.grids.kinds import SCALARS, Channels
from pde.grids.symmetries import GENERATORS, SHIFTS

Fields = Float[np.ndarray, "sample *grid channel"]
AtPoints = Float[np.ndarray, "field sample point"]
"""The constant 1, and every channel with its derivatives, at some points of the grid."""

FEWEST_SAMPLES = 100
"""Fewer samples can hardly tell."""
ENOUGH = 2000
"""More samples are not needed."""
_DRAWS = 999
"""Number of draws of signs: a symmetry that holds is rejected once in a thousand times."""
_POINTS = 500
"""Number of points of a grid that are used: enough, as neighbouring values are correlated."""
_ROUNDING = 1e-4
"""Rounding relative to a statistic's size: values that should be equal, as on the axis of a flip, differ by
this."""


class Seen(NamedTuple):
    """Values of samples and of their images that the test compares."""

    samples: AtPoints
    images: Mapping[str, AtPoints]

    @classmethod
    def of(cls, blocks: Iterable[Fields], names: tuple[str, ...], channels: Channels = SCALARS) -> "Seen":
        """Collect the fields of every sample, inputs and outputs of these kinds, from blocks."""
        found: dict[str, list[AtPoints]] = {name: [] for name in ("", *names)}
        draws = {name: np.random.default_rng(SHIFTS[name]) for name in names if name in SHIFTS}
        for fields in blocks:
            found[""].append(_at_points(fields))
            for name in names:
                if name in SHIFTS:
                    image = _shifted(fields, SHIFTS[name], draws[name])
                else:
                    image = np.asarray(GENERATORS[name](jnp.asarray(fields), channels))
                found[name].append(_at_points(image))
        joined = {name: np.concatenate(each, axis=1) for name, each in found.items()}
        return cls(joined.pop(""), joined)


def invariant(blocks: Iterable[Fields], names: tuple[str, ...], channels: Channels = SCALARS) -> tuple[str, ...]:
    """Select the symmetries of a grid (`pde.grids.symmetries.generators`) that the samples do not reject.

    Fewer than `FEWEST_SAMPLES` samples give none. A flip of only one of two axes excludes their transpose, which
    would turn it into the other.
    """
    seen = Seen.of(blocks, names, channels)
    if seen.samples.shape[1] < FEWEST_SAMPLES:
        return ()
    kept = tuple(name for name in names if is_invariant(seen, name))
    return tuple(name for name in kept if name in SHIFTS or GENERATORS[name].keeps(kept))


def is_invariant(seen: Seen, name: str) -> bool:
    """Tell if some draw of signs gives as large an asymmetry as the samples have."""
    generator = np.random.default_rng(0)
    signs = generator.choice(np.array([-1, 1], np.float32), size=(1 + _DRAWS, seen.samples.shape[1]))
    signs[0] = 1
    largest = np.zeros(1 + _DRAWS)
    for here, there in zip(_statistics(seen.samples), _statistics(seen.images[name]), strict=True):
        difference = here - there
        spread = np.sqrt(np.mean(difference**2, axis=0))
        differ = spread > _ROUNDING * np.sqrt(np.mean(here**2))
        if not differ.any():
            continue
        means = signs @ (difference[:, differ] / spread[differ])
        squares = np.mean(means**2, axis=1)
        largest = np.maximum(largest, squares / squares[1:].mean())  # so 1 is the usual size, for every statistic
    return bool(largest[0] <= largest[1:].max())


def _shifted(fields: Fields, axis: int, generator: np.random.Generator) -> Fields:
    """Shift each sample along a periodic axis by a number of points of its own."""
    shifts = generator.integers(fields.shape[1 + axis], size=len(fields))
    return np.stack([np.roll(each, points, axis) for each, points in zip(fields, shifts, strict=True)])


def _at_points(fields: Fields) -> AtPoints:
    axes = range(1, fields.ndim - 1)
    points = np.random.default_rng(0).permutation(math.prod(fields.shape[1:-1]))[:_POINTS]
    found = [np.ones((len(fields), len(points)), fields.dtype)]
    for channel in np.moveaxis(fields, -1, 0):
        for field in (channel, *(np.gradient(channel, axis=axis) for axis in axes)):
            found.append(field.reshape(len(fields), -1)[:, points])
    return np.stack(found)


def _statistics(fields: AtPoints) -> Iterator[Float[np.ndarray, "sample point"]]:
    for one, other in itertools.combinations_with_replacement(fields, 2):
        yield one * other
