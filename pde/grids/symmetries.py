"""The symmetries of the square, or of the interval or the cube, that a grid has.

If an equation has no preferred direction, such as -div(a grad u) = 1 with u = 0 on the border of a square, the
solution of a rotated or mirrored coefficient is the rotated or mirrored solution: eight samples in place of one.
"""

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from pde.grids.grid import AXES, Grid, ends_named
from pde.grids.kinds import SCALARS, Channels
from pde.system.errors import InputError

Fields = Float[Array, "batch *grid channel"]


@dataclass(frozen=True)
class Symmetry:
    """Flips followed by a transpose; combined they give quarter turns as well."""

    flips: tuple[int, ...] = ()
    """Axes of the grid that are flipped; 0 is x."""
    order: tuple[int, ...] = ()
    """The axes of the flipped fields that become the first ones; the others stay, and all if this is empty."""

    def __call__(self, fields: Fields, channels: Channels = SCALARS) -> Fields:
        """Return the image of fields, whose channels are of these kinds."""
        flipped = jnp.flip(fields, [1 + axis for axis in self.flips])
        moved = (0, *(1 + axis for axis in self.order), *range(1 + len(self.order), fields.ndim))
        return self._signed(jnp.transpose(flipped, moved), channels)

    @property
    def inverse(self) -> "Symmetry":
        """The symmetry that undoes this one."""
        order = tuple(self.order.index(axis) for axis in range(len(self.order)))
        return Symmetry(tuple(order[axis] if axis < len(order) else axis for axis in self.flips), order)

    def _signed(self, fields: Fields, channels: Channels) -> Fields:
        """Exchange the components of vectors, and turn their signs and those of pseudoscalars."""
        if channels == SCALARS:
            return fields
        axes = range(fields.ndim - 2)
        order = (*self.order, *axes[len(self.order) :])
        source, signs = np.arange(fields.shape[-1]), np.ones(fields.shape[-1], fields.dtype)
        for vector in channels.vectors:
            for component, axis in zip(vector, order, strict=True):
                source[component] = vector[axis]
                signs[component] = -1 if axis in self.flips else 1
        swaps = sum(one > other for one, other in itertools.combinations(order, 2))
        signs[list(channels.pseudoscalars)] = (-1) ** (len(self.flips) + swaps)
        return fields[..., source] * signs.reshape(*[1] * (fields.ndim - 1), -1)

    def keeps(self, names: Collection[str]) -> bool:
        """Tell if the flips and shifts among these generators remain among them when axes trade places."""
        for kind in (_flip, shift):
            there = [kind(axis) in names for axis in range(len(self.order))]
            if there != [there[axis] for axis in self.order]:
                return False
        return True


def _flip(axis: int) -> str:
    return f"flip-{AXES[axis]}"


def shift(axis: int) -> str:
    """Return the name of the shifts along a periodic axis."""
    return f"shift-{AXES[axis]}"


GENERATORS = {
    **{_flip(axis): Symmetry(flips=(axis,)) for axis in range(len(AXES))},
    "transpose": Symmetry(order=(1, 0)),
    "transpose-xz": Symmetry(order=(2, 1, 0)),
    "transpose-yz": Symmetry(order=(0, 2, 1)),
}
"""Generators of the symmetries. Each is its own inverse; together they make all eight of the square, and all
forty-eight of the cube."""
SHIFTS = {shift(axis): axis for axis in range(len(AXES))}
"""The axes along which fields may be shifted, by the names of the shifts."""


def generators(*grids: Grid) -> tuple[str, ...]:
    """Names of the generators, and of the shifts, that map the points of all grids, and their domain, onto
    themselves.

    A flip of a periodic axis exchanges its first and last point, the second and the one before the last, and so
    on: its fixed places depend on the grid, but with shifts they do not matter.
    """
    found = [_generators(grid) for grid in grids]
    return tuple(name for name in (*GENERATORS, *SHIFTS) if all(name in each for each in found))


def group(names: Collection[str]) -> list[Symmetry]:
    """List the symmetries that generators make together, identity first: 1, 2, 4 or 8 on two axes. Shifts are not
    among them."""
    chosen = [generator for name, generator in GENERATORS.items() if name in names]
    flips = itertools.product(*[((), each.flips) for each in chosen if each.flips])
    orders = _closure([each.order for each in chosen if each.order])
    return [Symmetry(tuple(itertools.chain(*flip)), order) for flip, order in itertools.product(flips, orders)]


def _closure(swaps: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """List the orders of axes that swaps of two axes make one after another, beginning with no swap."""
    found: list[tuple[int, ...]] = [()]
    for order in found:  # the list grows meanwhile
        for swap in swaps:
            both = _composed(order, swap)
            if both not in found:
                found.append(both)
    return found


def _composed(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """Return two orders one after the other; axes at the end that stay are left out."""
    axes = range(max(len(first), len(second)))
    both = [first[axis] if axis < len(first) else axis for axis in (*second, *axes[len(second) :])]
    while both and both[-1] == len(both) - 1:
        both.pop()
    return tuple(both)


def _generators(grid: Grid) -> set[str]:
    def has(generator: Symmetry) -> bool:
        swapped = [axis for axis, other in enumerate(generator.order) if axis != other]
        if max((*generator.flips, *swapped)) >= len(grid.axes):
            return False
        alike = _are_alike(grid, *swapped) if swapped else True
        return alike and all(_is_symmetric(grid, axis) for axis in generator.flips)

    shifts = {shift(axis) for axis, ring in enumerate(grid.rings) if ring}
    return shifts | {name for name, generator in GENERATORS.items() if has(generator)}


def transformed(
    chosen: Sequence[Symmetry], number: Int[Array, ""], fields: Fields, channels: Channels = SCALARS
) -> Fields:
    """Apply the symmetry of this number to fields, whose channels are of these kinds; the number may be traced."""
    return jax.lax.switch(number, [partial(symmetry, channels=channels) for symmetry in chosen], fields)


def averaged(
    function: Callable[[Fields], Fields],
    chosen: Sequence[Symmetry],
    fields: Fields,
    inputs: Channels = SCALARS,
    outputs: Channels = SCALARS,
) -> Float[Array, "batch *_ out"]:
    """The mean over symmetries s of s^-1(function(s(fields))): it commutes with each if they form a group.

    The channels of the fields are of the kinds `inputs`, those of the function's values of the kinds `outputs`.
    """
    back = [symmetry.inverse for symmetry in chosen]

    def one(number: Int[Array, ""]) -> Fields:
        return transformed(back, number, function(transformed(chosen, number, fields, inputs)), outputs)

    return jax.lax.map(one, jnp.arange(len(chosen))).mean(axis=0)


def check_symmetries(grids: Sequence[Grid]) -> None:
    """Raise InputError if the grids have no known domain or no symmetry for `--symmetries all`."""
    if grids[0].domain is None:
        raise InputError(
            "--symmetries all: the file does not say where its domain ends; add --domain "
            + ends_named(len(grids[0].axes))
        )
    if not generators(*grids):
        raise InputError("--symmetries all: the grid has none, neither flips nor a transpose; leave it out")


def shifted(fields: Fields, axis: int, points: Int[Array, ""]) -> Fields:
    """Shift fields along a periodic axis of the grid by a number of points, which may be traced."""
    return jnp.roll(fields, points, axis=1 + axis)


def _is_symmetric(grid: Grid, number: int) -> bool:
    if grid.rings[number]:
        return True
    axis, (low, high) = grid.axes[number], grid.ends[number]
    return np.allclose(axis - low, (high - axis)[::-1], rtol=0, atol=1e-3 * np.diff(axis).min())


def _are_alike(grid: Grid, *numbers: int) -> bool:
    """Tell if two axes have the same points, seen from their ends of the domain."""
    if len({grid.rings[number] for number in numbers}) > 1:
        return False
    (low, high), (other_low, other_high) = (grid.ends[number] for number in numbers)
    axis, other = (grid.axes[number] - grid.ends[number][0] for number in numbers)
    return Grid((other, axis)).matches(Grid((axis, other))) and bool(
        np.isclose(high - low, other_high - other_low)
    )
