"""The symmetries of the square that a grid has.

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

from pde.grids.grid import Grid
from pde.system.errors import InputError

Fields = Float[Array, "batch height width channel"]


@dataclass(frozen=True)
class Symmetry:
    """Flips followed by a transpose; combined they give quarter turns as well."""

    flip_x: bool
    flip_y: bool
    transpose: bool

    def __call__(self, fields: Fields) -> Fields:
        flipped = [axis for axis, flip in ((1, self.flip_x), (2, self.flip_y)) if flip]
        fields = jnp.flip(fields, flipped)
        return fields.swapaxes(1, 2) if self.transpose else fields

    def inverse(self, fields: Fields) -> Fields:
        """Return the fields whose image under the symmetry is `fields`."""
        fields = fields.swapaxes(1, 2) if self.transpose else fields
        return Symmetry(self.flip_x, self.flip_y, transpose=False)(fields)


GENERATORS = {
    "flip-x": Symmetry(flip_x=True, flip_y=False, transpose=False),
    "flip-y": Symmetry(flip_x=False, flip_y=True, transpose=False),
    "transpose": Symmetry(flip_x=False, flip_y=False, transpose=True),
}
"""Generators of the symmetries. Each is its own inverse; together they make all eight."""


def generators(*grids: Grid) -> tuple[str, ...]:
    """Names of the generators that map the points of all grids, and their domain, onto themselves."""
    found = [_generators(grid) for grid in grids]
    return tuple(name for name in GENERATORS if all(name in each for each in found))


def group(names: Collection[str]) -> list[Symmetry]:
    """List the symmetries that generators make together, identity first: 1, 2, 4 or 8."""
    choices = itertools.product(*([False, True][: 1 + (name in names)] for name in GENERATORS))
    return [Symmetry(*choice) for choice in choices]


def _generators(grid: Grid) -> list[str]:
    flips = (_is_symmetric(axis, low, high) for axis, (low, high) in zip(grid.axes, grid.ends, strict=True))
    has = (*flips, _are_alike(grid))
    return list(itertools.compress(GENERATORS, has))


def transformed(chosen: Sequence[Symmetry], number: Int[Array, ""], fields: Fields) -> Fields:
    """Apply the symmetry of this number to fields; the number may be traced."""
    return jax.lax.switch(number, chosen, fields)


def averaged(
    function: Callable[[Fields], Fields], chosen: Sequence[Symmetry], fields: Fields
) -> Float[Array, "batch _ _ out"]:
    """The mean over symmetries s of s^-1(function(s(fields))): it commutes with each if they form a group."""

    def one(number: Int[Array, ""]) -> Fields:
        images = function(transformed(chosen, number, fields))
        return jax.lax.switch(number, [symmetry.inverse for symmetry in chosen], images)

    return jax.lax.map(one, jnp.arange(len(chosen))).mean(axis=0)


def check_symmetries(grids: Sequence[Grid]) -> None:
    """Raise InputError if the grids have no known domain or no symmetry for `--symmetries all`."""
    if grids[0].domain is None:
        raise InputError("--symmetries all: the file does not say where its domain ends; add --domain x0 x1 y0 y1")
    if not generators(*grids):
        raise InputError("--symmetries all: the grid has none, neither flips nor a transpose; leave it out")


def _is_symmetric(axis: Float[np.ndarray, " n"], low: float, high: float) -> bool:
    return np.allclose(axis - low, (high - axis)[::-1], rtol=0, atol=1e-3 * np.diff(axis).min())


def _are_alike(grid: Grid) -> bool:
    """Tell if both axes have the same points, seen from their ends of the domain."""
    (x0, x1), (y0, y1) = grid.ends
    x, y = grid.x - x0, grid.y - y0
    return Grid((y, x)).matches(Grid((x, y))) and bool(np.isclose(x1 - x0, y1 - y0))
