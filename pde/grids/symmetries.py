"""The symmetries of the square, or of the interval or the cube, that a grid has.

If an equation has no preferred direction, such as -div(a grad u) = 1 with u = 0 on the border of a square, the
solution of a rotated or mirrored coefficient is the rotated or mirrored solution: eight samples in place of one.
"""

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from pde.grids.grid import AXES, Grid, ends_named
from pde.system.errors import InputError

Fields = Float[Array, "batch *grid channel"]


@dataclass(frozen=True)
class Symmetry:
    """Flips followed by a transpose; combined they give quarter turns as well."""

    flips: tuple[int, ...] = ()
    """Axes of the grid that are flipped; 0 is x."""
    order: tuple[int, ...] = ()
    """The axis of the flipped fields that becomes each axis; empty if they stay in order."""

    def __call__(self, fields: Fields) -> Fields:
        return self._ordered(jnp.flip(fields, [1 + axis for axis in self.flips]), self.order)

    def inverse(self, fields: Fields) -> Fields:
        """Return the fields whose image under the symmetry is `fields`."""
        back = tuple(self.order.index(axis) for axis in range(len(self.order)))
        return jnp.flip(self._ordered(fields, back), [1 + axis for axis in self.flips])

    @staticmethod
    def _ordered(fields: Fields, order: tuple[int, ...]) -> Fields:
        if not order:
            return fields
        return jnp.transpose(fields, (0, *(1 + axis for axis in order), fields.ndim - 1))

    def keeps(self, names: Collection[str]) -> bool:
        """Tell if the flips among these generators remain among them when axes trade places."""
        flipped = [_flip(axis) in names for axis in range(len(self.order))]
        return flipped == [flipped[axis] for axis in self.order]


def _flip(axis: int) -> str:
    return f"flip-{AXES[axis]}"


GENERATORS = {
    **{_flip(axis): Symmetry(flips=(axis,)) for axis in range(len(AXES))},
    "transpose": Symmetry(order=(1, 0)),
}
"""Generators of the symmetries. Each is its own inverse; those of two axes together make all eight.

The transpose is of grids with two axes.
"""


def generators(*grids: Grid) -> tuple[str, ...]:
    """Names of the generators that map the points of all grids, and their domain, onto themselves."""
    found = [_generators(grid) for grid in grids]
    return tuple(name for name in GENERATORS if all(name in each for each in found))


def group(names: Collection[str]) -> list[Symmetry]:
    """List the symmetries that generators make together, identity first: 1, 2, 4 or 8."""
    chosen = [GENERATORS[name] for name in GENERATORS if name in names]
    found = []
    for part in itertools.product(*((Symmetry(), generator) for generator in chosen)):
        flips = tuple(axis for each in part for axis in each.flips)
        found.append(Symmetry(flips, next((each.order for each in part if each.order), ())))
    return found


def _generators(grid: Grid) -> set[str]:
    axes = enumerate(zip(grid.axes, grid.ends, strict=True))
    found = {_flip(number) for number, (axis, (low, high)) in axes if _is_symmetric(axis, low, high)}
    return found | ({"transpose"} if len(grid.axes) == 2 and _are_alike(grid) else set())


def transformed(chosen: Sequence[Symmetry], number: Int[Array, ""], fields: Fields) -> Fields:
    """Apply the symmetry of this number to fields; the number may be traced."""
    return jax.lax.switch(number, chosen, fields)


def averaged(
    function: Callable[[Fields], Fields], chosen: Sequence[Symmetry], fields: Fields
) -> Float[Array, "batch *_ out"]:
    """The mean over symmetries s of s^-1(function(s(fields))): it commutes with each if they form a group."""

    def one(number: Int[Array, ""]) -> Fields:
        images = function(transformed(chosen, number, fields))
        return jax.lax.switch(number, [symmetry.inverse for symmetry in chosen], images)

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


def _is_symmetric(axis: Float[np.ndarray, " n"], low: float, high: float) -> bool:
    return np.allclose(axis - low, (high - axis)[::-1], rtol=0, atol=1e-3 * np.diff(axis).min())


def _are_alike(grid: Grid) -> bool:
    """Tell if both axes have the same points, seen from their ends of the domain."""
    (x0, x1), (y0, y1) = grid.ends
    x, y = grid.x - x0, grid.y - y0
    return Grid((y, x)).matches(Grid((x, y))) and bool(np.isclose(x1 - x0, y1 - y0))
