import jax
import numpy as np
import pytest
from flax import nnx

import manojax
from manojax.layers.cells import from_patches, to_patches


@pytest.mark.parametrize(("shape", "side"), [((8, 6), 2), ((9, 6), 3), ((8,), 2)], ids=str)
def test_patches_are_the_points_of_a_coarser_grid_with_more_channels(shape, side):
    """Operators on patches and on such points have the same parameters and the same values."""
    dimensions, points = len(shape), side ** len(shape)
    options = {"width": 8, "depth": 1, "heads": 2, "coordinates": False, "position": "continuous"}

    def of(channels, **further):
        kind = {"in_channels": 2 * channels, "out_channels": channels, "dimensions": dimensions}
        return manojax.create("mano", **kind, **options, **further, rngs=nnx.Rngs(0))

    on_patches, on_points = of(1, patch=side), of(points)
    sides = (side,) * dimensions
    fields = jax.random.normal(jax.random.key(0), (2, *shape, 2))
    fine = tuple(np.arange(n, dtype=np.float32) for n in shape)
    centres = tuple(axis.reshape(-1, side).mean(axis=1) for axis in fine)
    expected = from_patches(jax.jit(on_points)(to_patches(fields, sides), centres), sides, shape)
    np.testing.assert_allclose(jax.jit(on_patches)(fields, fine), expected, rtol=0, atol=1e-6)


def test_the_expansion_is_that_of_every_mlp():
    def parameters(**options):
        model = manojax.create("mano", width=8, depth=3, heads=2, **options, rngs=nnx.Rngs(0))
        return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))

    hidden = 3 * 8  # further channels, each with a column of the first matrix, a bias and a row of the second
    assert parameters(expansion=4) - parameters() == 3 * hidden * (8 + 1 + 8)


def test_as_many_sets_of_weights_as_levels_of_patches():
    model = manojax.MODELS["mano"]
    assert model.Config(patch=2, weight_sets=None).for_grid((31, 31)).weight_sets == 4
    assert model.Config(weight_sets=None).for_grid((31, 31)).weight_sets == 5
