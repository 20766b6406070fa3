import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax import FNOConfig


@pytest.mark.parametrize(("shape", "modes"), [((16, 16), (8, 8)), ((31, 31), (12, 12)), ((9, 40), (5, 12))])
def test_default_modes_follow_the_training_grid(shape, modes):
    """|k| < min(12, n/2): 16 points hold k up to 7, 9 points up to 4."""
    assert FNOConfig().for_grid(shape).modes == modes


def test_training_refuses_modes_that_the_grid_cannot_hold():
    with pytest.raises(ValueError, match="at most 8 8"):
        FNOConfig(modes=(9, 8)).for_grid((16, 16))


def test_modes_that_a_coarser_grid_cannot_hold_are_dropped_at_call_time():
    """They change nothing there: weights of dropped modes have no gradient."""
    model = manojax.create("fno", width=8, depth=1, modes=(6, 6), rngs=nnx.Rngs(0))
    graph, params = nnx.split(model, nnx.Param)
    x = jax.random.normal(jax.random.key(0), (1, 7, 7, 1))
    gradient = jax.grad(lambda p: nnx.merge(graph, p)(x).sum())(nnx.to_pure_dict(params))
    weight = np.asarray(gradient["blocks"][0]["spectral"]["weight"])
    kept = np.zeros(weight.shape[:2], bool)
    kept[2:9, :4] = True  # |k| < 3.5
    assert np.abs(weight[~kept]).max() == 0
    assert np.abs(weight[kept]).max() > 0


def test_domain_padding_breaks_periodicity():
    """A shift of a periodic field commutes with FNO (up to coordinates) without padding, not with it."""
    x = jax.random.normal(jax.random.key(0), (1, 8, 8, 1))
    still = (np.zeros(8, np.float32), np.zeros(8, np.float32))

    def defect(padding):
        model = manojax.create("fno", width=8, depth=2, modes=(4, 4), padding=padding, rngs=nnx.Rngs(0))
        shifted = np.roll(model(x, still), 3, axis=1)
        return np.abs(model(jnp.roll(x, 3, axis=1), still) - shifted).max() / np.abs(shifted).max()

    assert defect(0.0) < 1e-5
    assert defect(0.25) > 1e-2
