"""Window, patch and level padding never leaks into a result."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax


@pytest.mark.parametrize("shape", [(6, 6), (7, 5)], ids=str)
def test_vit_patches_over_the_border_hold_nothing_but_their_real_points(shape):
    """A linear model of one patch embedding sums over real points: check by perturbing the kernel of the rest."""
    model = manojax.create("vit", width=8, depth=1, heads=2, patch=8, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (1, *shape, 1))
    before = model(x)
    real = np.zeros((8, 8, 1), bool)
    real[: shape[0], : shape[1]] = True
    kernel = np.array(model.embed.kernel[...])
    kernel[~real.ravel()] = 1e6
    model.embed.kernel[...] = jnp.asarray(kernel)
    np.testing.assert_array_equal(model(x), before)


def test_mano_level_padding_holds_nothing():
    """One axis of 3 at rate 2 leaves half of the last cells empty: their kernel rows are never used there."""
    model = manojax.MultipoleAttention(8, heads=2, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (1, 1, 2, 8))  # one level; then an axis of 1 below two levels
    alone = model(x)
    kernel = np.array(model.down.kernel[...]).reshape(2, 2, 8, 8)
    kernel[1] = 1e6  # the second row of a cell: padding on an axis of one point
    model.down.kernel[...] = jnp.asarray(kernel.reshape(32, 8))
    np.testing.assert_array_equal(model(x), alone)
    long = jax.random.normal(jax.random.key(0), (1, 1, 9, 8))
    assert np.abs(model(long)).max() < 1e4
