"""Outputs of neuraloperator's own FNO, stored with its weights by fixtures/neuraloperator_fno.py."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from manojax import from_neuraloperator
from tests.cases import slow

STORED = dict(np.load(Path(__file__).parents[1] / "fixtures" / "neuraloperator_fno.npz"))
HELD = [
    ("odd", "16x16"),
    ("odd", "8x8"),
    slow("even", "16x12"),
    ("even", "8x8"),
    slow("mixed", "8x5"),
    ("mixed", "12x10"),
    slow("line", "8"),
    slow("line", "9"),
    slow("line", "15"),
    ("line", "24"),
    slow("space", "4x4x4"),
    ("space", "6x8x5"),
    slow("ratios", "6x5"),
]


def state(name):
    prefix = f"{name}/weights/"
    arrays = {key.removeprefix(prefix): array for key, array in STORED.items() if key.startswith(prefix)}
    return arrays | ({"_metadata": {"positional_embedding": None}} if name == "space" else {})


def difference(name, grid):
    """Of ours from theirs, relative to the largest value."""
    x, theirs = (STORED[f"{name}/{part}/{grid}"] for part in "xy")
    coordinates = tuple(np.arange(n, dtype=np.float32) / n for n in x.shape[1:-1])
    ours = from_neuraloperator(state(name))(jnp.asarray(x), coordinates)
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@pytest.mark.parametrize(("name", "grid"), HELD)
def test_output_is_that_of_neuraloperator(name, grid):
    """For odd and even numbers of modes, on grids of just as many points and on finer ones."""
    assert difference(name, grid) < 1e-5


@pytest.mark.parametrize(("name", "grid"), [("odd", "6x6"), ("even", "6x6"), ("odd", "9x8")])
def test_what_the_docstring_says_of_other_grids(name, grid):
    """On coarser grids theirs keeps the Nyquist mode; along odd axes its inverse transform is off by one mode."""
    assert difference(name, grid) > 1e-2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fno_blocks.convs.0.weight.core": np.ones(2)}, "no factorised spectral weights"),
        ({"fno_blocks.norm.0.weight": np.ones(2)}, "no norms"),
        (
            {"fno_blocks.channel_mlp_skips.0.conv.weight": np.ones((8, 8, 1))},
            "no linear skip around the channel MLP",
        ),
        ({"fno_blocks.fno_skips.0.fr.conv.weight": np.ones((8, 8, 1))}, "no complex fields"),
        ({"fno_blocks.convs.0.weight.tensor": np.ones((8, 7, 4))}, "no separable spectral weights"),
        ({"lifting.fcs.2.weight": np.ones((8, 8, 1))}, "no place for lifting.fcs.2.weight"),
        ({"_metadata": {"norm": "instance_norm"}}, "no norm 'instance_norm'"),
        ({"_metadata": {"channel_mlp_skip": None}}, "no channel_mlp_skip None"),
        ({"_metadata": {"non_linearity": np.tanh}}, "GELU, not tanh"),
    ],
)
def test_what_ours_cannot_express_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        from_neuraloperator(state("odd") | change)


@pytest.mark.parametrize(
    "name", ["fno_blocks.convs.0.weight.tensor", "fno_blocks.fno_skips.1.conv.weight", "lifting.fcs.1.bias"]
)
def test_a_missing_array_is_named(name):
    arrays = state("odd")
    del arrays[name]
    with pytest.raises(ValueError, match=f"no {name}"):
        from_neuraloperator(arrays)
