"""What a model cannot be made of, or called with, is one sentence: the argument, its value and the mend."""

import re

import jax
import jaxtyping
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh

import manojax
from manojax import Anchored, FNOConfig, unit_nodes
from tests.cases import slow
from tests.operators.test_registry import SMALL

ANY = list(manojax.MODELS)


@pytest.fixture(autouse=True)
def _as_users_have_it(monkeypatch):
    """Without the type checks that only the tests have, which would come first."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def make(name, **arguments):
    return manojax.create(name, **{"rngs": nnx.Rngs(0), **SMALL[name], **arguments})


def refusal(name, **arguments):
    """The sentence that a model of that name is refused with."""
    with pytest.raises(ValueError, match=r"^[^\n]+: give [^\n]+$") as caught:
        make(name, **arguments)
    return str(caught.value)


WHOLE = "give a whole number of 1 or more"


@pytest.mark.parametrize("name", ANY)
@pytest.mark.parametrize(
    ("argument", "value", "mend"),
    [
        ("width", "32", WHOLE),
        ("width", 0, WHOLE),
        ("width", 2.0, WHOLE),
        ("width", None, WHOLE),
        ("depth", True, WHOLE),
        ("remat", 1, "give True or False"),
        ("in_channels", 0, WHOLE),
        ("in_channels", "1", WHOLE),
        ("out_channels", -1, WHOLE),
        ("out_channels", 1.5, WHOLE),
        ("dimensions", 0, "give 1, 2 or 3"),
        ("dimensions", 4, "give 1, 2 or 3"),
        ("dimensions", 2.0, "give 1, 2 or 3"),
        ("rngs", 0, "give a source of random numbers, such as nnx.Rngs(0)"),
        ("rngs", None, "give a source of random numbers, such as nnx.Rngs(0)"),
    ],
)
def test_an_argument_that_every_model_has(name, argument, value, mend):
    assert refusal(name, **{argument: value}) == f"{argument}={value!r}: {mend}"


TUPLE = "give a tuple with a whole number of 1 or more for each dimension, such as (8, 8), or None"


@pytest.mark.parametrize(
    ("name", "option", "value", "mend"),
    [
        ("fno", "modes", 8, TUPLE),
        ("fno", "modes", [8, 8], TUPLE),
        ("fno", "modes", (8, 0), TUPLE),
        ("fno", "modes", (), TUPLE),
        ("fno", "padding", "1", "give a finite number"),
        ("fno", "padding", float("nan"), "give a finite number"),
        ("fno", "padding", 11, "give a fraction of the grid, 0 to 10"),
        ("fno", "mlp_ratio", 0, "give a positive number, at most 100"),
        ("mano", "levels", "all", f"{WHOLE} or None"),
        ("mano", "up", "nearby", "give 'learned' or 'nearest'"),
        ("mano-paper", "level_sum", 3, "give 'plain', 'reference', 'gated' or 'cycle'"),
        ("fma", "levels", 0, f"{WHOLE} or None"),
    ],
)
def test_an_option_that_some_models_have(name, option, value, mend):
    assert refusal(name, **{option: value}) == f"{option}={value!r}: {mend}"


@pytest.mark.parametrize(
    ("modes", "dimensions", "fitting"), [((8,), 2, "(8, 8)"), ((8, 8), 1, "(8,)"), ((6, 4), 3, "(6, 6, 6)")]
)
def test_a_number_for_each_dimension(modes, dimensions, fitting):
    mend = f"give one number for each dimension of the grid, here {dimensions}, such as {fitting}"
    assert refusal("fno", modes=modes, dimensions=dimensions) == f"modes={modes}: {mend}"
    with pytest.raises(ValueError, match=re.escape(mend)):
        FNOConfig(modes=modes).for_grid((9,) * dimensions)


def test_numbers_of_numpy_are_numbers():
    one, two = np.int64(1), np.int32(2)
    options = {"width": two, "depth": one, "modes": (two, two), "padding": np.float32(0)}
    fields = jax.ShapeDtypeStruct((1, 8, 8, 1), np.float32)
    out = jax.eval_shape(lambda x: make("fno", in_channels=one, dimensions=two, **options)(x), fields)
    assert out.shape == fields.shape


@pytest.mark.parametrize("dimensions", [slow(1), 2, slow(3)])
@pytest.mark.parametrize("name", ANY)
def test_fields_of_another_shape(name, dimensions):
    """When a program is traced, whatever transforms it; fields that fit are those of `test_registry.py`."""
    modes = {"modes": (2,) * dimensions} if name == "fno" else {}
    model = nnx.eval_shape(lambda: make(name, in_channels=2, dimensions=dimensions, **modes))
    axes = ", ".join(("nx", "ny", "nz")[:dimensions])
    mend = f"give (batch, {axes}, 2), as the model has dimensions={dimensions} and in_channels=2"
    grid = (5, 6, 7)[:dimensions]
    for call in (model, Anchored(model, unit_nodes((4,) * dimensions))):
        for shape in ((3, *grid, 1), (3, *grid, 3), (*grid, 2), (3, *grid), (3, *grid, 1, 2), ()):
            for transformed, outer in ((call, ()), (jax.jit(lambda x, f=call: f(x)), ()), (jax.vmap(call), (2,))):
                with pytest.raises(ValueError, match="fields of shape") as caught:
                    jax.eval_shape(transformed, jax.ShapeDtypeStruct((*outer, *shape), np.float32))
                assert str(caught.value) == f"fields of shape {shape}: {mend}"


@pytest.mark.parametrize("axes", [{"batch_axis": "device"}, {"space_axis": "device"}], ids=str)
@pytest.mark.parametrize("shape", [(8, 16, 16, 3), (16, 16, 1), (8, 16)])
def test_fields_of_another_shape_over_devices(axes, shape):
    model = make("mano")
    apply = manojax.sharded(model, Mesh(np.array(jax.devices()), ("device",)), **axes)
    with pytest.raises(ValueError, match=r"^fields of shape .*: give \(batch, nx, ny, 1\)"):
        jax.eval_shape(apply, nnx.state(model, nnx.Param), jax.ShapeDtypeStruct(shape, np.float32))


def test_anchors_of_another_number_of_axes():
    with pytest.raises(ValueError, match="anchors along 1 axes: give coordinates along each axis"):
        Anchored(make("fno"), unit_nodes((5,)))
