"""Which symmetries do samples have in law, as far as they can tell?

Where the law of a sample w, its inputs and its solution, is that of its image under a symmetry s that undoes
itself, the law of d = F(w) - F(s(w)) is that of -d, whatever the statistic F. So random signs in the mean of d
over samples show how large it may be: a sign-flip test, exact for any number of samples (Fisher, The Design of
Experiments, 1935, section 21). Statistics here are the fields of a sample, their derivatives along both axes, and
the products of any two of these.
"""

import itertools
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from pde.symmetries import GENERATORS

Fields = Float[np.ndarray, "sample height width channel"]
Statistic = Float[np.ndarray, "sample point"]

FEWEST_SAMPLES = 100
"""Fewer can hardly tell."""
ENOUGH = 2**28
"""Bytes of samples: of so many, those that there are first are looked at."""
_DRAWS = 999
"""So a symmetry that holds is taken for absent once in a thousand times."""
_POINTS = 500
"""Of a grid: enough of fields whose neighbouring values hang together."""
_ROUNDING = 1e-4
"""Of a statistic's size: as different are values that should be equal, such as those on the axis of a flip."""


def invariant(fields: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a grid's symmetries (`pde.symmetries.generators`) that samples on it do not speak against.

    None for fewer than `FEWEST_SAMPLES`. Nor is there a transpose beside one flip: it makes the other of it.

    Args:
        fields: inputs and solution of every sample, scalars all of them.
        names: the symmetries in question.
    """
    if len(fields) < FEWEST_SAMPLES:
        return ()
    kept = tuple(name for name in names if is_invariant(fields, name))
    alike = ("flip-x" in kept) == ("flip-y" in kept)
    return tuple(name for name in kept if alike or name != "transpose")


def is_invariant(fields: Fields, name: str) -> bool:
    """Whether as large an asymmetry as that of the samples is found under any draw of signs."""
    generator = np.random.default_rng(0)
    signs = generator.choice(np.array([-1, 1], np.float32), size=(1 + _DRAWS, len(fields)))
    signs[0] = 1
    points = generator.permutation(fields.shape[1] * fields.shape[2])[:_POINTS]
    images = np.asarray(GENERATORS[name](jnp.asarray(fields)))
    largest = np.zeros(1 + _DRAWS)
    for here, there in zip(_statistics(fields, points), _statistics(images, points), strict=True):
        difference = here - there
        spread = np.sqrt(np.mean(difference**2, axis=0))
        differ = spread > _ROUNDING * np.sqrt(np.mean(here**2))
        if not differ.any():
            continue
        means = signs @ (difference[:, differ] / spread[differ])
        squares = np.mean(means**2, axis=1)
        largest = np.maximum(largest, squares / squares[1:].mean())  # so 1 is usual, for every statistic
    return bool(largest[0] <= largest[1:].max())


def _statistics(fields: Fields, points: np.ndarray) -> Iterator[Statistic]:
    first = [np.ones((len(fields), len(points)), fields.dtype)]
    for channel in np.moveaxis(fields, -1, 0):
        for field in (channel, np.gradient(channel, axis=1), np.gradient(channel, axis=2)):
            first.append(field.reshape(len(fields), -1)[:, points])
    for one, other in itertools.combinations_with_replacement(first, 2):
        yield one * other
