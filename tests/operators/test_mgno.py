import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax.operators.mgno import MgNOConfig, VCycle
from tests.layers.convolution_reference import convolution, spread, sum_of_cells


def v_cycle(f, weights, level=0):
    """f (height, width, channel) through the levels of the weights, from the formulas alone."""

    def kernel(name):
        return weights[name][level]["convolution"]["kernel"]

    def residual(u):
        return f - convolution(u, kernel("operator"))

    u = convolution(f, kernel("before"))
    if level + 1 < len(weights["operator"]):
        down, up = (weights[name][level]["matrix"]["kernel"] for name in ("restriction", "prolongation"))
        u = u + spread(v_cycle(sum_of_cells(residual(u), down), weights, level + 1), up, f.shape[:2])
    return u + convolution(residual(u), kernel("after"))


@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (9, 2), (1, 7)], ids=str)
def test_agrees_with_loops_in_float64(shape):
    module = VCycle(4, levels=3, rngs=nnx.Rngs(0))
    params = nnx.to_pure_dict(nnx.state(module, nnx.Param))
    weights = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    f = jax.random.normal(jax.random.key(1), (2, *shape, 4))
    for sample, mapped in zip(f, module(f), strict=True):
        expected = v_cycle(np.asarray(sample, np.float64), weights)
        np.testing.assert_allclose(mapped, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(9,), (7, 5), (3, 4, 5)], ids=str)
def test_a_v_cycle_is_linear(shape):
    module = VCycle(4, levels=3, dimensions=len(shape), rngs=nnx.Rngs(0))
    one, other = jax.random.normal(jax.random.key(1), (2, 1, *shape, 4))
    together = module(2.0 * one - 3.0 * other)
    np.testing.assert_allclose(together, 2.0 * module(one) - 3.0 * module(other), atol=1e-4)


@pytest.mark.slow
def test_every_point_reaches_every_point():
    """Two points a side on the coarsest level: its convolutions span the map."""
    module = VCycle(2, levels=3, rngs=nnx.Rngs(0))
    jacobian = jax.jacrev(lambda f: module(f[None])[0].sum(axis=-1))(jnp.ones((8, 7, 2)))
    assert (np.abs(jacobian) > 0).all()


@pytest.mark.parametrize(("shape", "levels"), [((64, 64), 5), ((5, 4), 3), ((1, 1), 1)])
def test_levels_follow_the_training_grid(shape, levels):
    assert MgNOConfig().for_grid(shape).levels == levels
