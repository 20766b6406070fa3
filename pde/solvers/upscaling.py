"""Conductances of a coarse grid, upscaled from those of a fine one.

The fine faces along a coarse edge conduct in series, the edges across its dual cell in parallel.
"""

import functools

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.solvers.conductances import Conductances, Faces, conductances
from pde.system.errors import InputError


@functools.partial(jax.jit, static_argnames=("stride", "spacing", "faces"))
def upscale(
    coefficient: Float[Array, "*points"],
    stride: int,
    spacing: tuple[float, ...],
    *,
    faces: Faces = "arithmetic",
) -> Conductances:
    """Conductances between every `stride`-th node of a fine grid, border included.

    Each is the harmonic mean of the fine conductances along the coarse edge, then the arithmetic mean across its
    dual cell, half a coarse spacing to either side: exact for a layered coefficient where u is linear along the
    layers or the flux constant across them. A stride of 1 gives the fine conductances.

    Args:
        coefficient: a on the fine nodes.
        stride: stride of all axes.
        spacing: distance of neighbouring fine nodes along each axis.
        faces: mean of the two coefficients beside a fine face.

    Raises:
        InputError: a stride that leaves out a border or all inner nodes.
    """
    check_stride(coefficient.shape, stride)
    fine = conductances(coefficient, spacing, faces=faces)
    return Conductances(
        tuple(
            jnp.moveaxis(_upscale_down(jnp.moveaxis(c, axis, 0), stride), 0, axis)
            for axis, c in enumerate(fine.along)
        )
    )


def _upscale_down(fine: Float[Array, " _ *inner"], stride: int) -> Float[Array, " _ *coarse_inner"]:
    """Fine conductances of edges down the first axis, at each inner node of the others."""
    in_series = fine.reshape(-1, stride, *fine.shape[1:])
    along = 1 / (stride * jnp.sum(1 / in_series, axis=1))  # the harmonic mean, over the squared coarse spacing
    for axis in range(1, fine.ndim):
        along = jnp.moveaxis(_across_dual_cells(jnp.moveaxis(along, axis, -1), stride), -1, axis)
    return along


def _across_dual_cells(along: Float[Array, " *edges _"], stride: int) -> Float[Array, " *edges _"]:
    """Means over the dual cells along the last axis."""
    inner = (along.shape[-1] + 1) // stride - 1

    def windows(before: int) -> Array:
        """Means over `stride` nodes, the first of them `before` nodes from the coarse one."""
        first = stride - before - 1  # inner nodes are numbered from 1
        within = along[..., first : first + inner * stride]
        return jnp.mean(within.reshape(*along.shape[:-1], inner, stride), axis=-1)

    # The dual cell is one such window where the stride is odd; where it is even, its end nodes count half.
    return (windows(stride // 2) + windows((stride - 1) // 2)) / 2


def check_stride(shape: tuple[int, ...], stride: int) -> None:
    """Raise InputError for a stride that leaves out a border or all inner nodes."""
    if stride < 1 or any((n - 1) % stride or (n - 1) // stride < 2 for n in shape):
        raise InputError(
            f"stride {stride} of {' x '.join(map(str, shape))} nodes must keep both borders and a node between; "
            "choose a divisor of the numbers of intervals, less than them"
        )
