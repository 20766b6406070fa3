"""Operators on several devices: the batch is divided, and for MANO the grid as well."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Float

from manojax.layers.coordinates import Coordinates, coordinates_or_nodes
from manojax.layers.halo import Space
from manojax.operators.base import Operator

Map = Float[Array, "batch *grid channel"]


def by_pieces(
    operator: Operator,
    fields: Float[Array, "batch *grid channel"],
    coordinates: Coordinates | None,
    space: Space | None,
) -> Float[Array, "batch *out_grid out"]:
    """Apply an operator to whole fields that all devices of a `space` have.

    Each device computes its piece, and the result is gathered. This runs under `jax.shard_map`; without a `space`
    the operator is called as it is.

    Raises:
        ValueError: the operator or the grid cannot be split.
    """
    if space is None:
        return operator(fields, coordinates)
    if operator.divides_itself:
        return operator(fields, coordinates, space=space)
    _check_splits(operator)
    rows, count = fields.shape[1], jax.lax.axis_size(space.name)
    if rows % count:
        raise ValueError(f"{rows} rows cannot be divided over {count} devices; choose another grid or number")
    first, *others = coordinates_or_nodes(fields.shape[1:-1], coordinates)
    own = (space.own_axis(jnp.asarray(first)), *others)
    return space.gather(operator(space.own(fields), own, space=space))


def sharded(
    model: Operator, mesh: Mesh, *, batch_axis: str | None = None, space_axis: str | None = None
) -> Callable[..., Map]:
    """Return the model as a function (parameters, fields, coordinates=None) over a mesh, by `jax.shard_map`.

    `parameters` come from `nnx.split(model, nnx.Param)` and are whole on every device. Fields and result are
    divided: samples over `batch_axis`, the first axis of the grid over `space_axis`.

    Where the grid is split, neighbouring devices exchange the rows that windows reach over, and levels of the
    pyramid that become too small to be split are computed by all devices: no map of full resolution is ever
    gathered.

    Raises:
        ValueError: the grid is to be split but the model cannot split it, or the pieces cannot be coarsened; or
            fields do not fit the model.
    """
    if space_axis is not None:
        _check_splits(model)
    graph, _ = nnx.split(model)
    space = {} if space_axis is None else {"space": Space(space_axis)}

    def piece(parameters: Any, fields: Map, coordinates: tuple[Array, ...]) -> Map:
        return nnx.merge(graph, parameters)(fields, coordinates, **space)

    def apply(parameters: Any, fields: Map, coordinates: Coordinates | None = None) -> Map:
        model.check_fields(fields)
        axes = coordinates_or_nodes(fields.shape[1:-1], coordinates)
        divided = PartitionSpec(batch_axis, space_axis)
        along = (PartitionSpec(space_axis), *[PartitionSpec()] * (len(axes) - 1))
        mapped = jax.shard_map(piece, mesh=mesh, in_specs=(PartitionSpec(), divided, along), out_specs=divided)
        return mapped(parameters, fields, axes)

    return apply


def _check_splits(model: Operator) -> None:
    if not model.splits_space:
        raise ValueError(
            f"{type(model).__name__} sees its whole grid at once; only MANO can split it over devices"
        )
    if any(model.periodic):
        raise ValueError("a grid with periodic axes cannot be split over devices; divide the batch instead")
