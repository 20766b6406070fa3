"""Every operator of the registry: shapes, gradients, transformations and precisions."""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax.layers.trunk import in_sequence
from tests.cases import slow

# The others, of which each has a test file of its own, are left to `make check`.
CORE = ("mano", "fno", "vit")
NAMES = [name if name in CORE else slow(name) for name in manojax.MODELS]
# Where a program costs more than a few seconds to compile.
CHEAP = [name if name in ("fno", "vit") else slow(name) for name in manojax.MODELS]
SMALL = {
    "mano": {"width": 16, "depth": 2},
    "mano-paper": {"width": 16, "depth": 2},
    "mano-reference": {"width": 16, "depth": 2},
    "fma": {"width": 16, "depth": 2, "group": 2, "summaries": 1, "levels": 2},
    "fno": {"width": 8, "depth": 2, "modes": (4, 4)},
    "vit": {"width": 16, "depth": 2},
    "full-attention": {"width": 16, "depth": 2},
    "unet": {"width": 8, "levels": 3},
    "mgno": {"width": 8, "depth": 2, "levels": 3},
    "transolver": {"width": 16, "depth": 2, "slices": 8},
}


def split(model):
    graph, params = nnx.split(model, nnx.Param)
    return jax.jit(lambda params, *inputs: nnx.merge(graph, params)(*inputs)), nnx.to_pure_dict(params)


@functools.cache
def forward_and_params(name):
    """The small model of that name, made and traced once."""
    return split(small(name))


def pulled_back(forward):
    """(params, x, weight) -> gradients of (weight * forward(params, x)).sum() by both, in one program."""
    return jax.jit(jax.grad(lambda params, x, weight: (weight * forward(params, x)).sum(), argnums=(0, 1)))


@functools.cache
def gradients(name):
    """Those of the small model, compiled once for all tests that take them at one shape: seconds each."""
    return pulled_back(forward_and_params(name)[0])


def small(name, **options):
    return manojax.create(name, rngs=nnx.Rngs(0), **{**SMALL[name], **options})


def random_fields(*shape):
    return jax.random.normal(jax.random.key(1), shape)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(13, 9), slow((1, 7)), slow((5, 2))], ids=str)
def test_any_grid_goes_in_and_comes_out(name, shape):
    forward, params = forward_and_params(name)
    assert forward(params, random_fields(2, *shape, 1)).shape == (2, *shape, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dimensions", [1, 3])
@pytest.mark.slow
def test_lines_and_volumes(name, dimensions):
    options = {"modes": (3,) * dimensions} if name == "fno" else {}
    forward, params = split(small(name, dimensions=dimensions, **options))
    shape = (2, *(6, 5, 4)[:dimensions], 1)
    assert forward(params, random_fields(*shape)).shape == shape


@pytest.mark.parametrize("name", CHEAP)
def test_the_smallest_model_works(name):
    options = {"width": 1, "depth": 1, **({} if name in ("fno", "unet", "mgno") else {"heads": 1})}
    forward, params = split(manojax.create(name, rngs=nnx.Rngs(0), **options))
    assert np.isfinite(forward(params, random_fields(1, 5, 4, 1))).all()


@pytest.mark.parametrize("name", NAMES)
def test_channels_are_the_callers(name):
    model = manojax.create(name, in_channels=3, out_channels=2, rngs=nnx.Rngs(0), **SMALL[name])
    forward, params = split(model)
    assert jax.eval_shape(forward, params, random_fields(2, 8, 8, 3)).shape == (2, 8, 8, 2)


WITH_COORDINATES = ["fno", "vit", slow("mano")]


@pytest.mark.parametrize("name", WITH_COORDINATES)
def test_no_coordinates_means_the_nodes_of_the_unit_square(name):
    forward, params = forward_and_params(name)
    x, nodes = random_fields(2, 9, 9, 1), manojax.unit_nodes((9, 9))
    plain, given = forward(params, x), forward(params, x, nodes)
    np.testing.assert_allclose(plain, given, atol=1e-6)
    assert np.abs(plain - forward(params, x, (nodes[0] ** 2, nodes[1]))).max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_reaches_every_parameter(name):
    """No parameter is idle: a generic functional depends on more than nine in ten entries of every leaf."""
    _, params = forward_and_params(name)
    x, weight = random_fields(2, 9, 9, 1), jax.random.normal(jax.random.key(2), (2, 9, 9, 1))
    for path, gradient in jax.tree_util.tree_leaves_with_path(gradients(name)(params, x, weight)[0]):
        share = np.mean(np.asarray(gradient) != 0)
        assert share > 0.9, (jax.tree_util.keystr(path), share)


RESIDUAL = ("mano", "mano-paper", "mano-reference", "fma", "vit")


@pytest.mark.parametrize("name", [name for name in NAMES if getattr(name, "values", (name,))[0] in RESIDUAL])
@pytest.mark.parametrize("depth", [2, slow(32)])
def test_blocks_keep_the_scale_of_activations(name, depth):
    """What goes in with variance 1 comes out with a variance of the same order, however deep."""
    blocks = small(name, depth=depth, width=16).blocks
    out = jax.jit(lambda x: in_sequence(blocks, x))(random_fields(2, 16, 16, 16))
    assert 1 / 2 < np.sqrt(np.mean(out**2)) < 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_rematerialisation_changes_nothing_but_memory(name):
    forward, params = forward_and_params(name)
    remat, _ = split(small(name, remat=True))
    x, weight = random_fields(2, 9, 9, 1), jax.random.normal(jax.random.key(2), (2, 9, 9, 1))
    checkpoints = [
        len(re.findall(r"checkpoint\[|remat2?\[", str(jax.make_jaxpr(f)(params, x)))) for f in (forward, remat)
    ]
    assert checkpoints[1] > checkpoints[0]
    plain, again = (gradient(params, x, weight)[0] for gradient in (gradients(name), pulled_back(remat)))
    for a, b in zip(jax.tree.leaves(plain), jax.tree.leaves(again), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_every_block_changes_the_output(name):
    """Scaling the parameters of any one block moves the result."""
    forward, params = forward_and_params(name)
    x = random_fields(2, 9, 9, 1)
    before = forward(params, x)
    for block in params["blocks"]:
        changed = dict(params, blocks=dict(params["blocks"]))
        changed["blocks"][block] = jax.tree.map(lambda leaf: 1.1 * leaf + 0.01, params["blocks"][block])
        assert np.abs(forward(changed, x) - before).max() > 1e-3 * np.abs(before).max(), block


@pytest.mark.parametrize("name", ["mano", "vit", slow("fma")])
@pytest.mark.parametrize("shape", [(7, 5), slow((8, 8))], ids=str)
def test_every_input_point_reaches_every_output_point_in_one_block(name, shape):
    """Attention at the coarsest level spans the map, so one block's Jacobian has no zero."""
    forward, params = split(small(name, depth=1))
    x = random_fields(*shape)
    jacobian = jax.jit(jax.jacrev(lambda field: forward(params, field[None, :, :, None])[0, :, :, 0]))(x)
    assert (np.abs(jacobian) > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_samples_do_not_see_each_other(name):
    forward, params = forward_and_params(name)
    x = random_fields(2, 9, 9, 1)
    changed = x.at[1:].set(7.0)
    np.testing.assert_allclose(forward(params, x)[0], forward(params, changed)[0], atol=1e-5)


@pytest.mark.parametrize("name", CHEAP)
def test_jit_vmap_and_grad_agree_with_plain_calls(name):
    forward, params = forward_and_params(name)
    x = random_fields(3, 2, 9, 9, 1)
    plain = jnp.stack([forward(params, batch) for batch in x])
    mapped = jax.jit(jax.vmap(forward, in_axes=(None, 0)))(params, x)
    np.testing.assert_allclose(mapped, plain, atol=1e-5)
    slope = (gradients(name)(params, x[0], jnp.ones_like(x[0]))[1] * x[0]).sum()
    step = 1e-2
    difference = (forward(params, (1 + step) * x[0]).sum() - forward(params, (1 - step) * x[0]).sum()) / (2 * step)
    np.testing.assert_allclose(slope, difference, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("name", CHEAP)
def test_forward_mode_agrees_with_reverse_mode(name):
    forward, params = forward_and_params(name)
    x, direction = random_fields(2, 9, 9, 1), jax.random.normal(jax.random.key(5), (2, 9, 9, 1))
    _, forward_slope = jax.jvp(lambda x: forward(params, x).sum(), (x,), (direction,))
    reverse_slope = (gradients(name)(params, x, jnp.ones_like(x))[1] * direction).sum()
    np.testing.assert_allclose(forward_slope, reverse_slope, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", CHEAP)
def test_pmap_over_four_devices_gives_the_gradients_of_one(name):
    """Of a mean over eight samples, that one device sees two at a time."""
    forward, params = forward_and_params(name)
    x, weight = random_fields(4, 2, 9, 9, 1), jax.random.normal(jax.random.key(2), (4, 2, 9, 9, 1))

    def loss(params, x, weight):
        return (weight * forward(params, x)).sum()

    parts = [gradients(name)(params, *each)[0] for each in zip(x, weight, strict=True)]
    whole = jax.tree.map(lambda *leaves: sum(leaves) / 4, *parts)
    each = functools.partial(jax.pmap, axis_name="device", in_axes=(None, 0, 0), devices=jax.devices()[:4])
    parallel = each(lambda p, *batch: jax.lax.pmean(jax.grad(loss)(p, *batch), "device"))(params, x, weight)
    largest = max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(whole))
    for one, four in zip(jax.tree.leaves(whole), jax.tree.leaves(parallel), strict=True):
        np.testing.assert_allclose(four[0], one, rtol=1e-5, atol=1e-5 * largest)


@pytest.mark.parametrize("name", CHEAP)
def test_bfloat16_activations_stay_near_float32(name):
    x = random_fields(2, 9, 9, 1)
    forward, params = forward_and_params(name)
    exact = forward(params, x)
    low, _ = split(manojax.create(name, dtype=jnp.bfloat16, rngs=nnx.Rngs(0), **SMALL[name]))
    low = low(params, x.astype(jnp.bfloat16))
    assert low.dtype == jnp.bfloat16
    assert np.linalg.norm(low.astype(jnp.float32) - exact) < 0.05 * np.linalg.norm(exact)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_key_gives_the_same_bits(name):
    one, other = (jax.tree.leaves(split(small(name))[1]) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_unknown_names_and_options_are_refused():
    with pytest.raises(ValueError, match=r"no model is named 'lstm'; there are mano, .*vit"):
        manojax.create("lstm", rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="fno has no option 'window'"):
        manojax.create("fno", window=2, rngs=nnx.Rngs(0))
