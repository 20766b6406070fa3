import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax import FNO, FNOConfig
from manojax.layers.coordinates import append_coordinates
from tests.cases import slow


@pytest.mark.parametrize(("shape", "modes"), [((16, 16), (8, 8)), ((31, 31), (12, 12)), ((9, 40), (5, 12))])
def test_default_modes_follow_the_training_grid(shape, modes):
    """|k| < min(12, n/2): 16 points hold k up to 7, 9 points up to 4."""
    assert FNOConfig().for_grid(shape).modes == modes


def test_default_modes_follow_the_dimension():
    assert FNOConfig().for_grid((64, 9, 16)).modes == (12, 5, 8)


def test_training_refuses_modes_that_the_grid_cannot_hold():
    with pytest.raises(ValueError, match="at most 8 8"):
        FNOConfig(modes=(9, 8)).for_grid((16, 16))


@pytest.mark.slow
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


@pytest.mark.parametrize("dimensions", [1, 2, slow(3)])
def test_commutes_with_translations_of_a_periodic_field(dimensions):
    """Without coordinates and padding nothing in it knows where a point lies."""
    options = {"width": 8, "depth": 2, "modes": (3,) * dimensions, "coordinates": False}
    model = manojax.create("fno", dimensions=dimensions, rngs=nnx.Rngs(0), **options)
    x = jax.random.normal(jax.random.key(0), (1, *(7, 6, 8)[:dimensions], 1))
    shift, axes = (2, 3, 1)[:dimensions], tuple(range(1, dimensions + 1))
    moved = np.roll(model(x), shift, axes)
    np.testing.assert_allclose(model(jnp.roll(x, shift, axes)), moved, atol=1e-5 * np.abs(moved).max())


@pytest.mark.parametrize("depth", [2, slow(32)])
@pytest.mark.parametrize("seed", [0, slow(1)])
def test_features_and_gradients_keep_their_scale_in_depth(depth, seed):
    """Of a random field: the RMS within a factor 3 of the lift's; weights of the first block have a gradient."""
    model = FNO(1, 1, FNOConfig(width=32, depth=depth, modes=(4, 4)), rngs=nnx.Rngs(seed))
    x = jax.random.normal(jax.random.key(seed), (2, 9, 9, 1))
    lifted = model.lift(append_coordinates(x, None))
    graph, state = nnx.split(model.blocks)

    @jax.jit
    @functools.partial(jax.grad, has_aux=True)
    def gradient(state):
        y = lifted
        for block in nnx.merge(graph, state):
            y = block(y)
        return jnp.sqrt((y**2).mean()), y

    gradients, features = gradient(state)
    assert 1 / 3 < np.sqrt((features**2).mean() / (lifted**2).mean()) < 3
    first, last = (np.linalg.norm(gradients[block]["spectral"]["weight"][...]) for block in (0, depth - 1))
    assert 1e-2 < first / last < 1e2


@pytest.mark.slow
def test_recomputing_blocks_changes_no_gradient():
    def gradient(remat):
        model = manojax.create("fno", width=8, depth=2, modes=(3, 3), remat=remat, rngs=nnx.Rngs(0))
        graph, params = nnx.split(model, nnx.Param)
        x = jax.random.normal(jax.random.key(0), (1, 7, 7, 1))
        return jax.grad(lambda p: (nnx.merge(graph, p)(x) ** 2).sum())(params)

    for kept, again in zip(*(jax.tree.leaves(gradient(remat)) for remat in (False, True)), strict=True):
        np.testing.assert_allclose(again, kept, rtol=1e-4, atol=1e-4)


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
