import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax


@pytest.mark.parametrize("shape", [(6, 6), (7, 5)], ids=str)
def test_patches_over_the_border_hold_nothing_but_their_real_points(shape):
    """Rows of the embedding that only ever see padding may hold anything."""
    model = manojax.create("vit", width=8, depth=1, heads=2, patch=8, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (1, *shape, 1))
    before = model(x)
    real = np.zeros((8, 8, 1), bool)
    real[: shape[0], : shape[1]] = True
    kernel = np.array(model.embed.kernel[...])
    kernel[~real.ravel()] = 1e6
    model.embed.kernel[...] = jnp.asarray(kernel)
    np.testing.assert_array_equal(model(x), before)
