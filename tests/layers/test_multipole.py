import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from manojax import MultipoleAttention
from tests.cases import slow
from tests.layers.multipole_reference import multipole_attention

CASES = [
    ((8, 8), {"window": 2, "stride": 1, "rate": 2}),
    ((7, 5), {"window": 2, "stride": 2, "rate": 2}),
    slow((9, 2), {"window": 3, "stride": 2, "rate": 2}),
    slow((1, 6), {"window": 2, "stride": 1, "rate": 4}),
    slow((9, 10), {"window": 4, "stride": 4, "rate": 3}),
    slow((9, 8), {"window": 4, "stride": 3, "rate": 2}),
    ((13,), {"window": 3, "stride": 1, "rate": 2}),
    slow((5, 3, 4), {"window": 2, "stride": 1, "rate": 2}),
    ((7, 6), {"window": 2, "stride": 2, "shift": 1, "rate": 2}),
    slow((9, 7), {"window": 4, "stride": 4, "shift": 2, "rate": 2}),
    slow((9, 9), {"levels": 2}),
    slow((9, 9), {"weight_sets": 3}),
    ((9, 6), {"down": "pooled", "up": "nearest"}),
    slow((9, 6), {"level_sum": "reference"}),
    ((9, 6), {"level_sum": "gated", "weight_sets": 2}),
    slow((9, 6), {"position": "table", "window": 3}),
    ((1, 9), {"position": "table", "window": 4, "stride": 2}),
    slow((9, 6), {"position": "continuous"}),
    ((9, 6), {"cosine": True}),
    ((9, 6), {"level_sum": "cycle", "finest": "convolution", "weight_sets": 2}),
    slow((5, 4), {"finest": "convolution"}),
]
SPACING = np.array([0.1, 0.2, 0.3], np.float32)


def float64(parameter):
    return np.asarray(parameter[...], np.float64)


def weights_of_levels(module, window):
    """The parameters as the reference wants them: one dictionary a level with weights of its own."""
    levels = []
    for index, attention in enumerate(module.attention):
        between = min(index, len(module.down) - 1)
        weights = {
            "query_key_value": float64(attention.query_key_value.kernel),
            "output": float64(attention.output.kernel),
            "output_bias": float64(attention.output.bias),
        }
        if module.down[between].matrix is not None:
            weights["down"] = float64(module.down[between].matrix.kernel)
        if module.up[between].matrix is not None:
            weights["up"] = float64(module.up[between].matrix.kernel)
        if len(module.gate):
            weights["gate"] = float64(module.gate[between].kernel)
            weights["gate_bias"] = float64(module.gate[between].bias)
        if attention.log_scale is not None:
            weights["log_scale"] = float64(attention.log_scale)
        if attention.position is not None:
            weights["bias"] = position_bias(attention.position, module.rate, window)
        levels.append(weights)
    return levels


def position_bias(position, rate, window):
    if hasattr(position, "table"):
        return lambda level, offset: float64(position.table)[tuple(o + window - 1 for o in offset)]

    def bias(level, offset):
        """The public function of lengths, for one offset at a time."""
        spacing = jnp.asarray(SPACING[: len(offset)] * rate**level)
        return float64(position(spacing))[tuple(o + window - 1 for o in offset)]

    return bias


@pytest.mark.parametrize(("shape", "options"), CASES, ids=str)
def test_agrees_with_loops_in_float64(shape, options):
    """The paper's sum over levels with every option, on grids that the rate divides and on others."""
    options = {"window": 2, "stride": 1, "rate": 2, **options}
    module = MultipoleAttention(8, heads=2, dimensions=len(shape), rngs=nnx.Rngs(0), **options)
    for parameter in jax.tree.leaves(
        nnx.state(module, nnx.Param), is_leaf=lambda leaf: isinstance(leaf, nnx.Param)
    ):
        if not np.any(parameter[...]):  # biases and tables start at zero, where they would prove nothing
            parameter[...] = 0.3 * jax.random.normal(jax.random.key(parameter[...].size), parameter[...].shape)
    x = jax.random.normal(jax.random.key(1), (2, *shape, 8))
    mapped = nnx.jit(lambda module, x: module(x, jnp.asarray(SPACING[: len(shape)])))(module, x)
    known = {k: v for k, v in options.items() if k not in ("weight_sets", "position", "levels", "finest")}
    if module.convolution is not None:
        inside = module.convolution.convolution
        known["kernel"] = float64(inside.kernel), float64(inside.bias)
    if "levels" in options:
        known["most_levels"] = options["levels"]
    if module.norm is not None:
        known["norm"] = float64(module.norm.norm.scale), float64(module.norm.norm.bias)
    weights = weights_of_levels(module, options["window"])
    expected = multipole_attention(np.asarray(x[0], np.float64), weights, heads=2, **known)
    np.testing.assert_allclose(mapped[0], expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 1},
        {"window": 1},
        {"stride": 3},
        {"heads": 3},
        {"shift": 1},
        {"levels": 1, "finest": "convolution"},
    ],
)
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"must|multiple|levels 1"):
        MultipoleAttention(8, rngs=nnx.Rngs(0), **options)


def test_level_padding_holds_nothing():
    """On an axis of one point the second row of every cell is padding: its kernel may hold anything."""
    module = MultipoleAttention(8, heads=2, rngs=nnx.Rngs(0))
    call = nnx.jit(lambda module, x: module(x))
    x = jax.random.normal(jax.random.key(0), (1, 1, 9, 8))
    before = call(module, x)
    kernel = np.array(module.down[0].matrix.kernel[...]).reshape(2, 2, 8, 8)
    kernel[1] = 1e6
    module.down[0].matrix.kernel[...] = jnp.asarray(kernel.reshape(32, 8))
    np.testing.assert_array_equal(call(module, x), before)


@pytest.mark.parametrize(
    ("symmetry", "axes"),
    [("flip", 1), ("flip", 2), ("turn", 1)],
)
def test_commutes_with_the_symmetries_of_the_square(symmetry, axes):
    """On a grid that the rate divides, once its kernels treat the four points of a cell alike."""
    module = MultipoleAttention(8, heads=2, rngs=nnx.Rngs(0))
    for kernel, shape in ((module.down[0].matrix.kernel, (4, 8, 8)), (module.up[0].matrix.kernel, (8, 4, 8))):
        axis = shape.index(4)
        alike = np.broadcast_to(np.mean(np.reshape(kernel[...], shape), axis=axis, keepdims=True), shape)
        kernel[...] = jnp.asarray(alike.reshape(kernel[...].shape))

    def moved(x):
        return jnp.flip(x, axes) if symmetry == "flip" else jnp.rot90(x, axes=(1, 2))

    x = jax.random.normal(jax.random.key(0), (1, 8, 8, 8))
    call = nnx.jit(lambda module, x: module(x))
    np.testing.assert_allclose(call(module, moved(x)), moved(call(module, x)), atol=1e-5)


@pytest.mark.parametrize("levels", [1, slow(8)])
def test_levels_keep_the_scale_of_activations(levels):
    """The sum over eight levels, the most on 256 points, is of the order of its finest term."""
    module = MultipoleAttention(16, levels=levels, dimensions=1, rngs=nnx.Rngs(0))
    out = nnx.jit(lambda module, x: module(x))(module, jax.random.normal(jax.random.key(1), (4, 256, 16)))
    assert 1 / 3 < np.sqrt(np.mean(out**2)) < 3
