"""Fast multipole attention: the definition, where it is exact, which keys count and how often, what it costs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax import FastMultipoleAttention
from manojax.layers.attention import full_attention
from manojax.layers.interactions import MOST_LOGITS
from tests.cases import slow
from tests.layers.fast_multipole_reference import fast_multipole_attention

CASES = [
    slow({"shape": (53,), "group": 4, "summaries": 2}),
    {"shape": (53,), "group": 4, "summaries": 2, "causal": True},
    {"shape": (24,), "group": 3, "summaries": 3, "causal": True},
    {"shape": (53,), "group": 6, "summaries": 2, "summarise_queries": True},
    slow({"shape": (8, 8), "group": 2, "summaries": 2}),
    {"shape": (7, 18), "group": 4, "summaries": 2},
    {"shape": (1, 19), "group": 4, "summaries": 1, "summarise_queries": True},
    slow({"shape": (3, 7, 5), "group": 2, "summaries": 1}),
    {"shape": (3, 7, 5), "group": 2, "summaries": 1, "summarise_queries": True},
]
FORMS = [{}, {"causal": True}, {"summarise_queries": True}]


def with_shapes(*shapes):
    """Every form on every grid; causal on one axis only."""
    pairs = [(shape, form) for shape in shapes for form in FORMS if len(shape) == 1 or "causal" not in form]
    return pytest.mark.parametrize(("shape", "form"), pairs, ids=str)


def attention(width=8, *, heads=2, dimensions=1, levels=2, **options):
    return FastMultipoleAttention(
        width, heads=heads, levels=levels, dimensions=dimensions, rngs=nnx.Rngs(0), **options
    )


def summaries_of(module):
    names = ("keys", "values", "queries")
    return {name: getattr(module, name) for name in names if getattr(module, name) is not None}


def with_means(module):
    """All summaries plain means over real points."""
    for summaries in summaries_of(module).values():
        for step in summaries.steps:
            step.weight[...] = jnp.ones_like(step.weight[...])
    return module


@nnx.jit
def forward(module, x):
    return module(x)


@nnx.jit(static_argnames="causal")
def full(module, x, causal=False):
    """The same projections around full attention, or full causal attention."""
    parts = jnp.split(module.query_key_value(x), 3, axis=-1)
    query, key, value = (part.reshape(*x.shape[:-1], module.heads, -1) for part in parts)
    if causal:
        attended = jax.nn.dot_product_attention(query, key, value, is_causal=True)
    else:
        attended = full_attention(query * query.shape[-1] ** -0.5, key, value)
    return module.output(attended.reshape(x.shape))


def shares(shape, **options):
    """How often each query meets each key, over the number of keys that it meets: (query, key).

    Logits are zero and the value of key j is the unit vector j, so channel j of query i counts their meetings.
    """
    n = int(np.prod(shape))
    module = with_means(attention(n, heads=1, dimensions=len(shape), group=2, summaries=1, **options))
    identity, nothing = jnp.eye(n), jnp.zeros((n, n))
    module.query_key_value.kernel[...] = jnp.concatenate([nothing, nothing, identity], axis=1)
    module.output.kernel[...] = identity
    return forward(module, identity.reshape(1, *shape, n)).reshape(n, n)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_loops_in_float64(case):
    """Random weights; some cases have more levels than sets of weights."""
    options = {name: option for name, option in case.items() if name != "shape"}
    module = attention(dimensions=len(case["shape"]), **options)
    parameters = {
        "query_key_value": module.query_key_value.kernel,
        "output": module.output.kernel,
        "output_bias": module.output.bias,
    }
    weights: dict = {name: np.asarray(parameter[...], np.float64) for name, parameter in parameters.items()}
    random = np.random.default_rng(0)
    for name, summaries in summaries_of(module).items():
        for step in summaries.steps:
            step.weight[...] = jnp.asarray(random.uniform(0.2, 2.0, step.weight.shape), jnp.float32)
        weights[name] = [np.asarray(step.weight[...], np.float64) for step in summaries.steps]
    x = 2 * jax.random.normal(jax.random.key(1), (1, *case["shape"], 8))
    expected = fast_multipole_attention(np.asarray(x[0], np.float64), weights, heads=2, **options)
    np.testing.assert_allclose(forward(module, x)[0], expected, atol=2e-5 * np.abs(expected).max())


@with_shapes((13,), (16, 11))
def test_points_that_are_their_own_summaries_make_it_full_attention(shape, form):
    """As many summaries as points and at most four groups a side: the one far level is exact as well."""
    module = with_means(attention(dimensions=len(shape), group=4, summaries=4, **form))
    x = 2 * jax.random.normal(jax.random.key(1), (1, *shape, 8))
    np.testing.assert_allclose(forward(module, x), full(module, x, form.get("causal", False)), atol=2e-5)


@with_shapes((57,), (16, 14))
def test_keys_alike_in_every_summary_make_it_full_attention(shape, form):
    """Keys and values are constant on the cells of the coarsest summaries; so are queries that are summarised.

    A summary then is every key behind it, provided that its logit gains the logarithm of their number.
    """
    group, summaries = (4, 2) if len(shape) == 1 else (2, 1)
    module = with_means(attention(dimensions=len(shape), group=group, summaries=summaries, **form))
    kernel = np.array(module.query_key_value.kernel[...])
    kernel[4:, :8], kernel[:4, 8:] = 0, 0  # queries from the first channels, keys and values from the others
    module.query_key_value.kernel[...] = jnp.asarray(kernel)
    side = 8 if len(shape) == 1 else 4  # of the coarsest summaries: of three levels, and of two
    x = 2 * jax.random.normal(jax.random.key(1), (1, *shape, 8))
    for axis in range(1, 1 + len(shape)):
        alike = jnp.take(x, np.arange(x.shape[axis]) // side * side, axis=axis)
        x = alike if "summarise_queries" in form else jnp.concatenate([x[..., :4], alike[..., 4:]], axis=-1)
    np.testing.assert_allclose(forward(module, x), full(module, x, form.get("causal", False)), atol=2e-5)


@with_shapes((53,), (16, 11), (3, 7, 5))
@pytest.mark.slow
def test_every_key_is_met_exactly_once(shape, form):
    n = int(np.prod(shape))
    met = np.tril(np.ones((n, n))) if form.get("causal") else np.ones((n, n))
    expected = met / met.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares(shape, **form), expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("summarise_queries", [False, slow(True)])
@pytest.mark.parametrize(
    "groups", [(1,), (2,), (3,), (4,), (5,), (12,), (3, 4), slow((10,)), slow((6, 6))], ids=str
)
def test_every_key_is_met_exactly_once_around_a_ring(groups, summarise_queries):
    """Rings of any number of groups, even and odd, by themselves and beside one another."""
    shape = tuple(2 * n for n in groups)
    found = shares(shape, summarise_queries=summarise_queries, periodic=(True,) * len(shape))
    np.testing.assert_allclose(found, np.full(found.shape, 1 / len(found)), rtol=1e-5, atol=1e-9)


def test_one_ring_of_two_axes():
    """The other axis has ends, and a number of points that its groups do not divide."""
    found = shares((12, 7), periodic=(True, False))
    np.testing.assert_allclose(found, np.full(found.shape, 1 / 84), rtol=1e-5, atol=1e-9)


def test_near_keys_of_a_ring_are_met_over_its_seam():
    """Four groups of two points that are their own summaries: with all keys exact it is full attention."""
    module = with_means(attention(group=2, summaries=2, periodic=(True,)))
    x = 2 * jax.random.normal(jax.random.key(1), (1, 8, 8))
    np.testing.assert_allclose(forward(module, x), full(module, x), atol=2e-5)
    np.testing.assert_allclose(forward(module, jnp.roll(x, 2, 1)), jnp.roll(forward(module, x), 2, 1), atol=1e-5)


@pytest.mark.parametrize("summarise_queries", [False, True])
def test_padding_counts_for_nothing(summarise_queries):
    """On an axis of one point the second row of every cell is padding: its weights may be anything."""
    module = attention(dimensions=2, group=4, summaries=2, summarise_queries=summarise_queries)
    x = jax.random.normal(jax.random.key(0), (1, 1, 27, 8))
    before = forward(module, x)
    for summaries in summaries_of(module).values():
        for step in summaries.steps:
            step.weight[...] = step.weight[...].at[2:].set(1e6)
    np.testing.assert_array_equal(forward(module, x), before)


def test_nothing_comes_from_the_future():
    module = attention(group=4, summaries=2, causal=True)
    x = jax.random.normal(jax.random.key(0), (1, 53, 8))
    before = forward(module, x)
    for now in (1, 4, 17, 32, 52):
        changed = forward(module, x.at[:, now:].set(1e3))
        np.testing.assert_array_equal(changed[:, :now], before[:, :now])
        assert (np.abs(changed[:, now:] - before[:, now:]).max(axis=-1) > 1e-3).all()


@pytest.mark.parametrize("summarise_queries", [False, True])
def test_the_furthest_keys_may_outweigh_all_others(summarise_queries):
    """Logits of a thousand, of either sign, at one end: no overflow, no NaN, in value or gradient."""
    module = attention(group=2, summaries=1, summarise_queries=summarise_queries)
    x = jax.random.normal(jax.random.key(0), (1, 11, 8)).at[:, :3].mul(100)
    value, gradient = jax.jit(jax.value_and_grad(lambda x: module(x).sum()))(x)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_samples_with_many_logits_together_are_attended_to_in_blocks_with_the_same_results(form):
    """A sample by itself has few logits."""
    samples, n = 1 + MOST_LOGITS["cpu"] // (512 * 192 * 2), 512
    graph, params = nnx.split(attention(group=64, summaries=4, **form), nnx.Param)
    x, weight = jax.random.normal(jax.random.key(1), (2, samples, n, 8))

    @jax.jit
    def both(params, x, weight):
        return jax.value_and_grad(lambda p: (nnx.merge(graph, p)(x) * weight).sum())(params)

    whole, gradient = both(params, x, weight)
    each = [both(params, x[i : i + 1], weight[i : i + 1]) for i in range(samples)]
    np.testing.assert_allclose(whole, sum(value for value, _ in each), rtol=1e-4)
    summed = jax.tree.map(lambda *parts: sum(parts), *(part for _, part in each))
    for one, other in zip(jax.tree.leaves(gradient), jax.tree.leaves(summed), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * np.abs(other).max())


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_logits_of_all_cells_are_never_held_at_once(form):
    samples, n = 32 * MOST_LOGITS["cpu"] // (512 * 192 * 2), 512
    graph, params = nnx.split(attention(group=64, summaries=4, **form), nnx.Param)
    program = jax.jit(lambda params, x: nnx.merge(graph, params)(x))
    memory = program.lower(params, jax.ShapeDtypeStruct((samples, n, 8), jnp.float32)).compile().memory_analysis()
    assert memory is not None
    assert memory.temp_size_in_bytes < 4 * samples * n * 192 * 2


def flops(n, **form):
    """Of the program that XLA is given, by its own count."""
    graph, state = nnx.split(attention(16, group=64, summaries=4, **form))
    program = jax.jit(lambda state, x: nnx.merge(graph, state)(x))
    costs = program.lower(state, jax.ShapeDtypeStruct((1, n, 16), jnp.float32)).cost_analysis()
    assert costs is not None
    return costs["flops"]


@pytest.fixture
def at_once(monkeypatch):
    """All logits at once: XLA counts a loop over blocks as a single block."""
    monkeypatch.setitem(MOST_LOGITS, "cpu", 2**40)


@pytest.mark.usefixtures("at_once")
def test_cost_is_linear_where_queries_are_summarised():
    counts = [flops(n, summarise_queries=True) for n in (1024, 4096, 16384)]
    exponents = np.diff(np.log(counts)) / np.log(4)
    assert (exponents < 1.05).all(), exponents


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("causal", [False, True])
def test_cost_grows_by_the_logarithm_where_they_are_not(causal):
    """Each doubling adds one level, and with it the same cost to every point."""
    each = [flops(n, causal=causal) / n for n in (1024, 4096, 16384)]
    first, second = np.diff(each)
    assert first > 0
    np.testing.assert_allclose(second, first, rtol=0.01)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_gradient_reaches_every_parameter(form):
    graph, params = nnx.split(attention(group=2, summaries=1, **form), nnx.Param)
    x, weight = jax.random.normal(jax.random.key(1), (2, 1, 13, 8))
    gradients = jax.jit(jax.grad(lambda p: (weight[0] * nnx.merge(graph, p)(x)[0]).sum()))(params)
    for path, gradient in jax.tree_util.tree_leaves_with_path(nnx.to_pure_dict(gradients)):
        assert (np.asarray(gradient) != 0).all(), jax.tree_util.keystr(path)


@pytest.mark.slow
def test_bfloat16_stays_near_float32():
    """The form that summarises queries; test_registry.py has the other."""
    form = {"group": 2, "summaries": 1, "summarise_queries": True}
    x = jax.random.normal(jax.random.key(1), (2, 13, 8))
    exact = forward(attention(**form), x)
    low = forward(attention(dtype=jnp.bfloat16, **form), x.astype(jnp.bfloat16))
    assert low.dtype == jnp.bfloat16
    assert np.linalg.norm(low.astype(jnp.float32) - exact) < 0.02 * np.linalg.norm(exact)


@pytest.mark.parametrize(
    "options",
    [
        {"heads": 3},
        {"heads": 0},
        {"summaries": 3},
        {"summaries": 0},
        {"group": 0},
        {"levels": 0},
        {"causal": True, "dimensions": 2},
        {"causal": True, "summarise_queries": True},
    ],
    ids=str,
)
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"must|multiple"):
        attention(**{"group": 4, "summaries": 2, **options})
