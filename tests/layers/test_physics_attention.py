import jax
import numpy as np
import pytest
from flax import nnx

from manojax.layers.physics_attention import PhysicsAttention


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def physics_attention(points, weights, heads):
    """points (point, channel), one head after the other, from the formulas alone."""

    def linear(x, layer):
        return x @ layer["kernel"] + layer.get("bias", 0.0)

    head_dim = points.shape[-1] // heads
    position, feature = linear(points, weights["position"]), linear(points, weights["feature"])
    outputs = []
    for head in range(heads):
        own = slice(head * head_dim, (head + 1) * head_dim)
        temperature = np.exp(weights["log_temperature"][head])
        share = softmax(linear(position[:, own], weights["slices"]) / temperature)
        tokens = np.array([np.average(feature[:, own], axis=0, weights=column) for column in share.T])
        query, key, value = np.split(linear(tokens, weights["query_key_value"]), 3, axis=-1)
        outputs.append(share @ softmax(query @ key.T / np.sqrt(head_dim)) @ value)
    return linear(np.concatenate(outputs, axis=-1), weights["output"])


@pytest.mark.parametrize(("shape", "slices"), [((7, 5), 4), ((7, 5), 1), ((4, 3), 64), ((1, 7), 8)], ids=str)
def test_agrees_with_float64(shape, slices):
    """Fewer slices than points, one, and many more slices than points."""
    module = PhysicsAttention(8, heads=2, slices=slices, rngs=nnx.Rngs(0))
    keys = iter(jax.random.split(jax.random.key(2), 20))
    params = jax.tree.map(
        lambda leaf: leaf + 0.1 * jax.random.normal(next(keys), leaf.shape),
        nnx.to_pure_dict(nnx.state(module, nnx.Param)),
    )
    nnx.update(module, params)
    weights = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    x = jax.random.normal(jax.random.key(1), (2, *shape, 8))
    for sample, mapped in zip(x, module(x), strict=True):
        expected = physics_attention(np.asarray(sample, np.float64).reshape(-1, 8), weights, heads=2)
        np.testing.assert_allclose(mapped.reshape(-1, 8), expected, atol=5e-5 * np.abs(expected).max())


@pytest.mark.slow
def test_slices_that_hold_no_point_leave_values_and_gradients_finite():
    """At a temperature near zero nearly all slices are empty."""
    module = PhysicsAttention(8, heads=2, slices=16, rngs=nnx.Rngs(0))
    module.log_temperature[...] = module.log_temperature[...] - 10.0
    x = jax.random.normal(jax.random.key(1), (1, 3, 3, 8))
    graph, params = nnx.split(module)
    gradients = jax.grad(lambda params: nnx.merge(graph, params)(x).sum())(params)
    assert np.isfinite(module(x)).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="multiple of heads 3"):
        PhysicsAttention(8, heads=3, slices=4, rngs=nnx.Rngs(0))
