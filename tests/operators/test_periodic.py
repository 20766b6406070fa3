"""Operators on periodic axes: a shift of the fields by a coarsest cell shifts the result, a smaller one does
not."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax.layers.convolution import Convolution
from manojax.layers.pyramid import level_count
from manojax.operators.anchored import Anchored

BARE = {"coordinates": False}
SHIFTED = {
    "mano": (dict(width=8, depth=2, levels=3, **BARE), 4),
    "mano-attention": (dict(width=8, depth=1, levels=3, finest="attention", level_sum="plain", **BARE), 4),
    "mano-wide": (dict(width=8, depth=1, levels=2, window=3, position="table", **BARE), 2),
    "mano-disjoint": (dict(width=8, depth=1, levels=2, stride=2, shifted=True, finest="attention", **BARE), 4),
    "mano-patches": (dict(width=8, depth=1, levels=2, patch=2, **BARE), 4),
    "unet": (dict(width=8, levels=3, depth=1, **BARE), 4),
    "mgno": (dict(width=8, levels=3, depth=2, **BARE), 4),
    "fma": (dict(width=8, depth=1, group=2, **BARE), 8),
    "fma-queries": (dict(width=8, depth=1, group=2, summarise_queries=True, **BARE), 8),
    "vit": (dict(width=8, depth=1, patch=4, **BARE), 4),
}
"""Options, and the points of a side of the coarsest cell."""


def made(name, dimensions, options):
    sizes = {"dimensions": dimensions, "periodic": (True,) * dimensions}
    return manojax.create(name.split("-")[0], in_channels=2, rngs=nnx.Rngs(0), **sizes, **options)


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        *((name, 1) for name in SHIFTED),
        ("mano", 2),
        *(pytest.param(name, 2, marks=pytest.mark.slow) for name in SHIFTED if name != "mano"),
    ],
)
def test_a_shift_by_a_coarsest_cell_commutes_and_a_smaller_one_does_not(name, dimensions):
    options, cell = SHIFTED[name]
    model, side = made(name, dimensions, options), 6 * cell
    fields = jnp.asarray(np.random.default_rng(1).normal(size=(2, *[side] * dimensions, 2)), jnp.float32)
    result = model(fields)
    for axis in range(1, 1 + dimensions):
        np.testing.assert_allclose(
            model(jnp.roll(fields, cell, axis)), jnp.roll(result, cell, axis), atol=2e-5 * float(abs(result).max())
        )
    smaller = model(jnp.roll(fields, 1, 1)) - jnp.roll(result, 1, 1)
    assert float(abs(smaller).max()) > 1e-3 * float(abs(result).max())


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_fno_commutes_with_any_shift(dimensions):
    model = made("fno", dimensions, {"width": 8, "depth": 2, "padding": 0.25, **BARE})
    fields = jnp.asarray(np.random.default_rng(1).normal(size=(2, *[12] * dimensions, 2)), jnp.float32)
    for points in (1, 5):
        shifted = model(jnp.roll(fields, points, dimensions))
        np.testing.assert_allclose(shifted, jnp.roll(model(fields), points, dimensions), atol=1e-5)


@pytest.mark.parametrize("name", ["unet", pytest.param("mano", marks=pytest.mark.slow)])
def test_one_periodic_axis_of_two(name):
    """The other axis has borders: there a shift does not commute."""
    options, cell = SHIFTED[name]
    sizes = {"in_channels": 2, "periodic": (False, True), "rngs": nnx.Rngs(0)}
    model = manojax.create(name, **sizes, **options)
    fields = jnp.asarray(np.random.default_rng(1).normal(size=(1, 24, 24, 2)), jnp.float32)
    result = model(fields)
    np.testing.assert_allclose(model(jnp.roll(fields, cell, 2)), jnp.roll(result, cell, 2), atol=1e-5)
    assert float(abs(model(jnp.roll(fields, cell, 1)) - jnp.roll(result, cell, 1)).max()) > 1e-3


def test_levels_stop_where_the_rate_no_longer_divides_a_ring():
    """24 points make levels of 24, 12, 6 and 3 points; without the ring there are two more."""
    for periodic, levels in (((True,), 4), ((False,), 5)):
        assert level_count((24,), 2, 2, periodic) == levels


def test_a_convolution_wraps():
    """Against sums over the neighbours on the ring."""
    layer = Convolution(
        1, 1, dimensions=2, periodic=(True, True), use_bias=False, dtype="float32", rngs=nnx.Rngs(0)
    )
    x = np.random.default_rng(0).normal(size=(1, 5, 4, 1)).astype(np.float32)
    kernel = np.asarray(layer.convolution.kernel[...])[..., 0, 0]
    expected = sum(
        kernel[1 + i, 1 + j] * np.roll(x, (-i, -j), axis=(1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)
    )
    np.testing.assert_allclose(layer(jnp.asarray(x)), expected, atol=1e-5)


def test_averages_and_interpolation_of_anchors_wrap():
    """The identity held at anchors: a wave is damped by the Gaussian and else exact on every grid, seam
    included."""

    class Identity(manojax.Operator):
        Config = manojax.ModelConfig

        def forward(self, fields, coordinates):
            return fields

    anchors = np.arange(12) / 12
    identity = Identity(1, 1, dimensions=1, periodic=(True,), rngs=nnx.Rngs(0))
    model = Anchored(identity, (anchors,), filter_width=0.7, periods=(1.0,))
    damped = np.exp(-((2 * np.pi * 2 * 0.7 / 12) ** 2) / 2)
    for points in (48, 96):
        x = np.arange(points, dtype=np.float32) / points
        wave = np.sin(2 * np.pi * (2 * x + 0.1)).astype(np.float32)
        result = model(jnp.asarray(wave)[None, :, None], (jnp.asarray(x),))[0, :, 0]
        np.testing.assert_allclose(result, damped * wave, atol=2e-3)


@pytest.mark.parametrize("points", [7, 8])
def test_trigonometric_interpolation_is_exact_for_the_waves_that_the_points_hold(points):
    source, target = np.arange(points) / points, np.linspace(-1, 2, 31)
    for k in range((points + 1) // 2):
        for phase in (0.0, 0.3):
            known = np.cos(2 * np.pi * (k * source + phase))[None, :, None]
            there = np.cos(2 * np.pi * (k * target + phase))
            found = manojax.interpolate(known, (source,), (target,), (1.0,))[0, :, 0]
            np.testing.assert_allclose(found, there, atol=1e-12)
    with_jax = manojax.interpolate(jnp.asarray(known, jnp.float32), (source,), (target,), (1.0,))[0, :, 0]
    np.testing.assert_allclose(with_jax, there, atol=1e-5)


def test_what_does_not_go_around_is_refused():
    with pytest.raises(ValueError, match="True or False for each of the 2 dimensions"):
        manojax.create("fno", periodic=(True,), rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="cells of 4 points do not divide a periodic axis of 10"):
        made("vit", 1, SHIFTED["vit"][0])(jnp.ones((1, 10, 2)))
    with pytest.raises(ValueError, match="cells of 4 points do not divide a periodic axis of 10"):
        made("fma", 1, {})(jnp.ones((1, 10, 2)))
