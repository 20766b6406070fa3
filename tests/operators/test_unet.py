import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.special import ndtr

from manojax import UNet, UNetConfig
from tests.layers.convolution_reference import convolution, mean_of_cells


def normalised(x, norm):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6)
    return scaled * norm["scale"] + norm["bias"]


def unet(fields, weights):
    """Fields (height, width, channel) through the levels of the weights, from the formulas alone."""

    def linear(x, layer):
        return x @ layer["kernel"] + layer["bias"]

    def block(x, layers):
        hidden = convolution(normalised(x, layers["norm"]["norm"]), *kernel_and_bias(layers["first"]))
        return x + convolution(hidden * ndtr(hidden), *kernel_and_bias(layers["second"]))

    def kernel_and_bias(layer):
        return layer["convolution"]["kernel"], layer["convolution"]["bias"]

    def run(level, x):
        layers = weights["blocks"][level]
        x = block(x, layers["descent"][0])
        if level + 1 in weights["blocks"]:
            coarse = run(level + 1, linear(mean_of_cells(x), layers["widen"]))
            copies = coarse.repeat(2, axis=0).repeat(2, axis=1)[: x.shape[0], : x.shape[1]]
            x = linear(np.concatenate([x, copies], axis=-1), layers["merge"])
        return block(x, layers["ascent"][0])

    x = run(0, linear(fields, weights["lift"]))
    return linear(normalised(x, weights["norm"]["norm"]), weights["head"])


@pytest.fixture(scope="module")
def model():
    """Three levels, with generic biases and scales, which start as zeros and ones."""
    model = UNet(1, 1, UNetConfig(width=6, levels=3, coordinates=False), rngs=nnx.Rngs(0))
    random = np.random.default_rng(0)

    def noisy(leaf):
        return leaf + 0.1 * random.standard_normal(leaf.shape).astype(np.float32)

    nnx.update(model, jax.tree.map(noisy, nnx.state(model, nnx.Param)))
    return model


@nnx.jit
def applied(model, x):
    return model(x)


@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (9, 2), (1, 7)], ids=str)
def test_agrees_with_loops_in_float64(model, shape):
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    weights = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    fields = jax.random.normal(jax.random.key(1), (2, *shape, 1))
    for sample, mapped in zip(fields, applied(model, fields), strict=True):
        expected = unet(np.asarray(sample, np.float64), weights)
        np.testing.assert_allclose(mapped, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize(("shape", "levels"), [((64, 64), 4), ((5, 4), 3), ((2, 2), 1), ((1, 1), 1), ((9, 2), 4)])
def test_levels_follow_the_training_grid(shape, levels):
    """Down to two points a side: 5, 3, 2."""
    assert UNetConfig().for_grid(shape).levels == levels


def test_levels_that_a_grid_does_not_have_change_nothing(model):
    x = jax.random.normal(jax.random.key(0), (1, 4, 3, 1))
    before = applied(model, x)
    deepest = nnx.state(model.blocks[2], nnx.Param)
    nnx.update(model.blocks[2], jax.tree.map(jnp.ones_like, deepest))
    np.testing.assert_array_equal(applied(model, x), before)
    nnx.update(model.blocks[2], deepest)
