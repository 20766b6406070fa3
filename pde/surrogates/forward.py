"""A model called on physical fields, given as structure and parameters."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from manojax.layers.coordinates import Coordinates
from manojax.layers.halo import Space
from manojax.operators.sharding import by_pieces
from pde.grids.kinds import Channels
from pde.grids.symmetries import Symmetry, averaged
from pde.preprocessing.input_transform import InputTransform
from pde.preprocessing.normalisation import Normalisation


def forward(
    graph: nnx.GraphDef,
    normalisation: Normalisation,
    params: Any,
    inputs: Array,
    coordinates: Coordinates,
    space: Space | None = None,
) -> Array:
    """Apply a model, given as structure and parameters, to its inputs, and return physical fields.

    With a `space`, devices under `jax.shard_map` each hold the whole inputs, and compute a piece of the result.
    """
    model, seen = nnx.merge(graph, params), normalisation.encode(inputs)
    outputs = by_pieces(model, seen, coordinates, space)
    return normalisation.decode(outputs.astype(jnp.float32), inputs)


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3, 4))
def compiled(
    graph: Any,
    normalisation: Normalisation,
    transform: InputTransform | None,
    chosen: tuple[Symmetry, ...],
    kinds: tuple[Channels, Channels],
    params: Any,
    fields: Array,
    coordinates: Coordinates,
) -> Array:
    """Predict from the fields of a file, as the mean over the chosen symmetries, in a single compiled program.

    The kinds are those of the model's input channels and of its output channels. Without a transform, the fields
    are the model's inputs.
    """

    def predict(seen: Array) -> Array:
        return forward(graph, normalisation, params, seen, coordinates)

    seen = fields if transform is None else transform(fields)
    predicted = averaged(predict, chosen, seen, *kinds) if chosen else predict(seen)
    return predicted if transform is None else predicted * transform.scale(fields)
