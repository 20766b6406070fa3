"""Eight devices give what one gives."""

import math
import re

import jax
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh

import manojax
from manojax.operators.sharding import sharded
from tests.cases import slow
from tests.operators.test_registry import NAMES, SMALL

SUM = {"finest": "attention", "level_sum": "plain"}
FEW = {"depth": 1, "levels": 3}
"""One block, of two levels that are split and one that is not: a program of seconds to compile."""
SPLIT = [
    slow((2, 32), FEW),
    slow((2, 64, 6), {}),
    slow((2, 32, 6), {"window": 3, "stride": 2, **SUM, **FEW}),
    slow((2, 48, 6), {"window": 3, "stride": 3, "rate": 3, "shifted": True, "levels": 3, **SUM}),
    slow((2, 32, 6), {"position": "continuous", "level_sum": "gated", "remat": True, **FEW}),
    slow((2, 32, 6), {"down": "pooled", "up": "nearest", "weight_sets": 3, **FEW}),
    slow((2, 32, 6), {"patch": 2, "position": "continuous", **FEW}),
    slow((2, 32, 4, 4), FEW),
]


def parts(name, dimensions=2, **options):
    model = manojax.create(name, dimensions=dimensions, rngs=nnx.Rngs(0), **{**SMALL[name], **options})
    graph, params = nnx.split(model, nnx.Param)
    return model, params, lambda params, x: nnx.merge(graph, params)(x)


def assert_same_values_and_gradients(one, many, params, x):
    weight = jax.random.normal(jax.random.key(2), x.shape)

    def both(function):
        """Values and gradients from one program, which takes half as long to compile as two."""

        def of(params, x):
            values = function(params, x)
            return (weight * values).sum(), values

        (_, values), gradients = jax.jit(jax.value_and_grad(of, has_aux=True))(params, x)
        return values, gradients

    (expected, whole), (found, shared) = both(one), both(many)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    largest = max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(whole))
    for a, b in zip(*map(jax.tree.leaves, (whole, shared)), strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-5 * largest)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_a_batch_over_eight_devices(name):
    """One block on a small grid: devices exchange the sum of their gradients alone, whatever a sample is."""
    model, params, one = parts(name, **({} if name == "unet" else {"depth": 1}))
    mesh = Mesh(np.array(jax.devices()), ("batch",))
    x = jax.random.normal(jax.random.key(1), (8, 4, 4, 1))
    assert_same_values_and_gradients(one, sharded(model, mesh, batch_axis="batch"), params, x)


@pytest.mark.parametrize(("shape", "options"), SPLIT, ids=str)
def test_a_grid_over_eight_devices(shape, options):
    """Halos between neighbours, and levels that become too small."""
    model, params, one = parts("mano", len(shape) - 1, **options)
    mesh = Mesh(np.array(jax.devices()), ("space",))
    x = jax.random.normal(jax.random.key(1), (*shape, 1))
    assert_same_values_and_gradients(one, sharded(model, mesh, space_axis="space"), params, x)


@pytest.mark.slow
def test_no_map_of_full_resolution_is_gathered():
    """What the compiled gradient gathers are maps of levels too small to be split, and nothing larger."""
    model, params, _ = parts("mano")
    many = sharded(model, Mesh(np.array(jax.devices()), ("space",)), space_axis="space")
    x = jax.random.normal(jax.random.key(1), (2, 64, 6, 1))
    program = jax.jit(jax.grad(lambda p: many(p, x).sum())).lower(params).compile().as_text()
    gathered = re.findall(r"= f32\[([\d,]+)\]\S* all-gather", program)
    assert gathered
    points = [math.prod(map(int, shape.split(","))) for shape in gathered]
    assert max(points) <= 2 * 16 * 2 * SMALL["mano"]["width"]  # two rows a device, two levels down


@pytest.mark.parametrize("name", ["fno", "vit"])
def test_models_that_see_the_whole_grid_refuse_to_split_it(name):
    model, *_ = parts(name)
    with pytest.raises(ValueError, match="only MANO can split"):
        sharded(model, Mesh(np.array(jax.devices()), ("space",)), space_axis="space")


@pytest.mark.parametrize("patch", [1, 2])
def test_pieces_that_cannot_be_coarsened_are_refused(patch):
    model, params, _ = parts("mano", patch=patch)
    many = sharded(model, Mesh(np.array(jax.devices()), ("space",)), space_axis="space")
    with pytest.raises(ValueError, match="a device has 3 rows"):
        many(params, jax.numpy.zeros((1, 24, 6, 1)))
