import jax
import numpy as np
from flax import nnx

import manojax


def test_the_order_of_points_has_no_meaning():
    """Without coordinates, a permutation of the points permutes the result."""
    model = manojax.create("transolver", width=16, depth=2, coordinates=False, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (2, 7, 5, 1))
    order = np.random.default_rng(0).permutation(35)

    def permuted(x):
        return x.reshape(2, 35, 1)[:, order].reshape(x.shape)

    np.testing.assert_allclose(model(permuted(x)), permuted(model(x)), atol=1e-5)
