import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax.layers.attention import SelfAttention, window_attention
from tests.layers import multipole_reference as reference


def random_parts(shape, scale=1.0):
    return [scale * jax.random.normal(key, shape) for key in jax.random.split(jax.random.key(0), 3)]


@pytest.mark.parametrize(
    ("shape", "window", "stride"),
    [((7, 5), 2, 1), ((8, 8), 3, 3), ((7, 5), 3, 2), ((1, 6), 3, 1), ((2, 3), 4, 3), ((8, 8), 4, 1), ((9,), 4, 3)],
)
def test_windows_agree_with_loops_over_them(shape, window, stride):
    """Overlapping, disjoint and non-tiling windows, clipped at the border; the mean where they overlap."""
    query, key, value = random_parts((1, *shape, 2, 4))
    attended = jax.jit(functools.partial(window_attention, window=window, stride=stride))(query, key, value)
    parts = (np.asarray(part[0], np.float64) for part in (query, key, value))
    np.testing.assert_allclose(attended[0], reference.window_attention(*parts, window, stride), atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_huge_logits_neither_overflow_nor_vanish(stride):
    query, key, value = random_parts((1, 6, 6, 1, 4), scale=100.0)
    attended = jax.jit(functools.partial(window_attention, window=2, stride=stride))(query, key, value)
    assert np.isfinite(attended).all()
    assert np.abs(attended).max() <= np.abs(value).max()  # means of means


def test_a_window_as_large_as_the_map_is_full_attention():
    x = jax.random.normal(jax.random.key(1), (2, 4, 4, 8))
    windowed = SelfAttention(8, heads=2, window=4, stride=4, rngs=nnx.Rngs(0))
    full = SelfAttention(8, heads=2, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(windowed(x), full(x), atol=1e-6)


@pytest.mark.parametrize("options", [{"heads": 3}, {"heads": 2, "window": 2, "stride": 3}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"heads 3|stride 3"):
        SelfAttention(8, **options, rngs=nnx.Rngs(0))


def test_attention_is_float32_inside_whatever_the_map():
    parts = [part.astype(jnp.bfloat16) for part in random_parts((1, 6, 6, 1, 4))]
    exact = window_attention(*(part.astype(jnp.float32) for part in parts), window=2, stride=1)
    low = window_attention(*parts, window=2, stride=1)
    assert low.dtype == jnp.bfloat16
    np.testing.assert_allclose(low.astype(jnp.float32), exact.astype(jnp.bfloat16).astype(jnp.float32))
