import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax import MultipoleAttention
from tests.multipole_reference import multipole_attention

OPTIONS = [
    {"window": 2, "stride": 1, "rate": 2},
    {"window": 2, "stride": 2, "rate": 2},
    {"window": 3, "stride": 2, "rate": 2},
    {"window": 2, "stride": 1, "rate": 4},
    {"window": 4, "stride": 4, "rate": 3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (9, 2), (1, 6)], ids=str)
def test_agrees_with_loops_in_float64(options, shape):
    """The paper's sum over levels, on grids that the rate divides and on grids that it does not."""
    module = MultipoleAttention(8, heads=2, rngs=nnx.Rngs(0), **options)
    x = jax.random.normal(jax.random.key(1), (2, *shape, 8))
    parameters = {
        "query_key_value": module.attention[0].query_key_value.kernel,
        "output": module.attention[0].output.kernel,
        "output_bias": module.attention[0].output.bias,
        "down": module.down[0].matrix.kernel,
        "up": module.up[0].matrix.kernel,
    }
    weights = {name: np.asarray(parameter[...], np.float64) for name, parameter in parameters.items()}
    for sample, mapped in zip(x, module(x), strict=True):
        expected = multipole_attention(np.asarray(sample, np.float64), weights, heads=2, **options)
        np.testing.assert_allclose(mapped, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("options", [{"rate": 1}, {"window": 1}, {"stride": 3}, {"heads": 3}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"must|multiple"):
        MultipoleAttention(8, rngs=nnx.Rngs(0), **options)


def test_level_padding_holds_nothing():
    """On an axis of one point the second row of every cell is padding: its kernel may hold anything."""
    module = MultipoleAttention(8, heads=2, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (1, 1, 9, 8))
    before = module(x)
    kernel = np.array(module.down[0].matrix.kernel[...]).reshape(2, 2, 8, 8)
    kernel[1] = 1e6
    module.down[0].matrix.kernel[...] = jnp.asarray(kernel.reshape(32, 8))
    np.testing.assert_array_equal(module(x), before)
