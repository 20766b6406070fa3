"""Maps continued beyond their ends: by the neighbours of a piece on other devices, or around a periodic axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

Piece = Float[Array, "batch *piece channel"]
Extended = Float[Array, "batch *extended channel"]
Whole = Float[Array, "batch *whole channel"]


@jax.tree_util.register_static
@dataclass(frozen=True)
class Space:
    """The mesh axis over which the first axis of a grid is split into pieces of equal length, as a function under
    `jax.shard_map` sees it."""

    name: str

    def whole(self, grid: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the whole grid, from that of this device's piece."""
        return (grid[0] * jax.lax.axis_size(self.name), *grid[1:])

    def places(self, rows: int, halo: int) -> Int[Array, " n"]:
        """Positions on the whole axis of this device's rows, and of `halo` rows before and after them."""
        return jax.lax.axis_index(self.name) * rows + np.arange(-halo, rows + halo)

    def with_halo(self, x: Piece, halo: int) -> Extended:
        """This device's piece with `halo` rows of its neighbours at either end; zeros beyond the grid."""
        size = jax.lax.axis_size(self.name)
        forward = [(i, i + 1) for i in range(size - 1)]
        backward = [(i + 1, i) for i in range(size - 1)]
        before = jax.lax.ppermute(x[:, x.shape[1] - halo :], self.name, forward)
        after = jax.lax.ppermute(x[:, :halo], self.name, backward)
        return jnp.concatenate([before, x, after], axis=1)

    def gather(self, x: Piece) -> Whole:
        """The whole map, on every device."""
        return jax.lax.all_gather(x, self.name, axis=1, tiled=True)

    def own(self, x: Whole) -> Piece:
        """This device's piece of a whole map."""
        return self._own(x, 1)

    def own_axis(self, coordinates: Float[Array, " whole"]) -> Float[Array, " piece"]:
        """This device's piece of the coordinates along the axis that is split."""
        return self._own(coordinates, 0)

    def _own(self, x: Array, axis: int) -> Array:
        rows = x.shape[axis] // jax.lax.axis_size(self.name)
        return jax.lax.dynamic_slice_in_dim(x, jax.lax.axis_index(self.name) * rows, rows, axis=axis)


def wrapped(x: Array, halo: int, periodic: Sequence[bool]) -> Array:
    """Continue a map (batch, *grid, *rest) by `halo` points of itself at both ends of each periodic axis."""
    if not any(periodic):
        return x
    rest = x.ndim - 1 - len(periodic)
    widths = [(halo, halo) if ring else (0, 0) for ring in periodic]
    return jnp.pad(x, [(0, 0), *widths, *[(0, 0)] * rest], mode="wrap")


def unwrapped(x: Array, halo: int, periodic: Sequence[bool]) -> Array:
    """The inverse of `wrapped`."""
    return x[(slice(None), *(slice(halo, -halo) if ring else slice(None) for ring in periodic))]
