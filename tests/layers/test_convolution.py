"""The same convolution by a product, on CPUs, and by XLA's own, elsewhere."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.signal import correlate

from manojax.layers.convolution import Convolution

GRIDS = [(7,), (5, 6), (3, 4, 5)]


def layer(dimensions):
    return Convolution(3, 4, dimensions=dimensions, dtype=jnp.float32, rngs=nnx.Rngs(0))


def lowered(grid, platform):
    """The program, before XLA compiles it, of a layer and its gradient."""
    graph, params = nnx.split(layer(len(grid)), nnx.Param)
    gradient = jax.jit(jax.grad(lambda params, x: (nnx.merge(graph, params)(x) ** 2).sum()))
    return gradient.trace(params, jnp.ones((2, *grid, 3))).lower(lowering_platforms=(platform,)).as_text()


@pytest.mark.parametrize("grid", GRIDS)
def test_it_is_scipys_correlation_of_every_pair_of_channels(grid):
    x = np.random.default_rng(0).normal(size=(2, *grid, 3)).astype(np.float32)
    module = layer(len(grid))
    kernel = np.asarray(module.convolution.kernel[...], np.float64)
    expected = np.zeros((2, *grid, 4))
    for sample, i, o in itertools.product(range(2), range(3), range(4)):
        expected[sample, ..., o] += correlate(x[sample, ..., i].astype(np.float64), kernel[..., i, o], mode="same")
    np.testing.assert_allclose(module(jnp.asarray(x)), expected, atol=1e-5)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_convolution_is_left_to_accelerators_alone(grid):
    assert "stablehlo.convolution" not in lowered(grid, "cpu")
    for platform in ("cuda", "tpu"):
        assert "stablehlo.convolution" in lowered(grid, platform)
