"""Physics attention: softmax attention among a few learned slices of a map instead of among its points."""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.attention import full_attention
from manojax.layers.basic import Linear, check_heads, default_init

Map = Float[Array, "batch *grid channel"]

_TEMPERATURE = 0.5  # at the start, as in the authors' code
_EMPTY = 1e-6  # added to the weight of a slice: a slice without points has a token of zero


class PhysicsAttention(nnx.Module):
    """Physics attention (Wu et al., arXiv 2402.02366, section 3.2).

    For each head, with x_i and f_i two linear maps of point i to the head's channels and t a learned temperature,

        w_i = softmax(C x_i / t) over slices,        z_m = sum_i w_im f_i / sum_i w_im,
        z'  = softmax attention among the z_m,       out_i = sum_m w_im z'_m,

    then a linear map of all heads. All heads share the matrices of slices (C), query, key and value. The
    maps to x and f see one point only, as in the authors' code for irregular meshes (on regular grids they take a
    convolution there), so the order of points has no meaning. Cost is linear in the number of points.

    C starts orthogonal and t at 1/2, as in their code; t is learned through its logarithm and so stays positive.
    Slice weights, sums and softmax are float32 whatever the dtype of the map.

    Raises:
        ValueError: heads do not divide the width.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        slices: int,
        output_init: Initializer = default_init,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_heads(width, heads)
        self.heads, channels = heads, width // heads
        self.position = Linear(width, width, dtype=dtype, rngs=rngs)
        self.feature = Linear(width, width, dtype=dtype, rngs=rngs)
        slice_init = nnx.initializers.orthogonal()
        self.slices = Linear(channels, slices, kernel_init=slice_init, dtype=dtype, rngs=rngs)
        self.log_temperature = nnx.Param(jnp.full((heads,), math.log(_TEMPERATURE)))
        self.query_key_value = Linear(channels, 3 * channels, use_bias=False, dtype=dtype, rngs=rngs)
        self.output = Linear(width, width, kernel_init=output_init, dtype=dtype, rngs=rngs)

    def __call__(self, x: Map) -> Map:
        points = x.reshape(x.shape[0], -1, x.shape[-1])
        features = self._heads(self.feature(points)).astype(jnp.float32)
        weights = self._slice_weights(points)
        sums = jnp.einsum("bnhm,bnhc->bmhc", weights, features)
        tokens = sums / (weights.sum(axis=1).swapaxes(1, 2)[..., None] + _EMPTY)
        query, key, value = jnp.split(self.query_key_value(tokens.astype(x.dtype)), 3, axis=-1)
        attended = full_attention(query * query.shape[-1] ** -0.5, key, value).astype(jnp.float32)
        back = jnp.einsum("bnhm,bmhc->bnhc", weights, attended)
        return self.output(back.astype(x.dtype).reshape(x.shape))

    def _heads(self, points: Float[Array, "batch point channel"]) -> Float[Array, "batch point heads head_dim"]:
        return points.reshape(*points.shape[:-1], self.heads, -1)

    def _slice_weights(
        self, points: Float[Array, "batch point channel"]
    ) -> Float[Array, "batch point heads slice"]:
        """Compute the share of each point that belongs to each slice."""
        logits = self.slices(self._heads(self.position(points))).astype(jnp.float32)
        return jax.nn.softmax(logits / jnp.exp(self.log_temperature[...])[None, None, :, None])
