"""Periodic axes of a map: its points lie on a ring, and the last one is a neighbour of the first."""

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array


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
