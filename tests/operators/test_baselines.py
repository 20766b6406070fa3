"""Full attention, U-Net, MgNO and Transolver together: grids of any dimension, sizes, and scales in depth."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax.layers.coordinates import append_coordinates

SMALL = {
    "full-attention": {"width": 16, "depth": 2},
    "unet": {"width": 4, "levels": 2},
    "mgno": {"width": 8, "depth": 2, "levels": 2},
    "transolver": {"width": 16, "depth": 2, "slices": 8},
}


def create(name, **options) -> Any:
    return manojax.create(name, rngs=nnx.Rngs(0), **options)


def applied(model, x):
    """In one program: a compiler called for each operation takes far longer."""
    graph, params = nnx.split(model)
    return jax.jit(lambda params: nnx.merge(graph, params)(x))(params)


class Identity(nnx.Module):
    def __call__(self, x):
        return x


def rms(x):
    return np.sqrt(np.mean(np.square(np.asarray(x))))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("shape", [(9,), (4, 1, 3)], ids=str)
def test_grids_of_any_dimension(name, shape):
    model = create(name, dimensions=len(shape), **SMALL[name])
    out = applied(model, jax.random.normal(jax.random.key(1), (2, *shape, 1)))
    assert out.shape == (2, *shape, 1)
    assert np.isfinite(out).all()


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.slow
def test_rematerialised_blocks_have_the_same_gradient(name):
    x = jax.random.normal(jax.random.key(1), (1, 6, 5, 1))
    gradients = []
    for remat in (False, True):
        model = create(name, remat=remat, **SMALL[name])
        graph, params = nnx.split(model, nnx.Param)
        call = jax.jit(jax.grad(lambda params, graph=graph: (nnx.merge(graph, params)(x) ** 2).sum()))
        gradients.append(jax.tree.leaves(call(params)))
    for plain, twice in zip(*gradients, strict=True):
        np.testing.assert_allclose(twice, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_default_sizes_are_modest(name):
    model = nnx.eval_shape(lambda: create(name))
    assert 20_000 < sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))) < 500_000


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("unet", {"width": 8, "levels": 2, "depth": 2}, (9, 7)),
        ("unet", {"width": 8, "levels": 1, "depth": 32}, (9, 7)),
        ("unet", {"width": 2, "levels": 8}, (129,)),
        ("mgno", {"width": 16, "levels": 2, "depth": 2}, (9, 7)),
        ("mgno", {"width": 16, "levels": 1, "depth": 32}, (9, 7)),
        ("mgno", {"width": 16, "levels": 8, "depth": 32}, (129,)),
        ("transolver", {"width": 32, "depth": 2}, (9, 7)),
        ("transolver", {"width": 32, "depth": 32}, (9, 7)),
    ],
    ids=str,
)
@pytest.mark.slow
def test_activations_keep_their_scale_at_any_depth(name, options, shape):
    """From the lift to the last block, and different fields do not become one."""
    model = create(name, dimensions=len(shape), **options)
    fields = jax.random.normal(jax.random.key(1), (4, *shape, 1))
    lifted = model.lift(append_coordinates(fields, None))
    norm, head = getattr(model, "norm", Identity()), model.head
    model.norm, model.head = Identity(), Identity()
    last = applied(model, fields)
    assert 1 / 3 < rms(last) / rms(lifted) < 3
    assert rms(last - jnp.mean(last, axis=0, keepdims=True)) > 0.2 * rms(last)
    assert 0.05 < rms(head(norm(last))) < 5
