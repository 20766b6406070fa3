import jax
import numpy as np
from flax import nnx

from manojax import FMA, FMAConfig


def test_the_model_has_weights_for_every_level_of_its_training_grid():
    config = FMAConfig(width=8, heads=2, depth=1, group=2, summaries=1).for_grid((33, 20))
    assert config.levels == 4  # 17, 9, 5, 3 groups along the longer axis
    assert FMAConfig(levels=1).for_grid((33, 20)).levels == 1
    assert FMAConfig().for_grid((3, 3)).levels == 1
    model = FMA(1, 1, config, rngs=nnx.Rngs(0))
    assert len(model.blocks[0].attention.keys.steps) == 4


def test_recomputing_blocks_changes_nothing():
    x = jax.random.normal(jax.random.key(0), (1, 5, 6, 1))
    options = {"width": 8, "heads": 2, "depth": 1, "group": 2, "summaries": 1, "summarise_queries": True}
    plain, recomputed = (FMA(1, 1, FMAConfig(**options, remat=remat), rngs=nnx.Rngs(0)) for remat in (False, True))
    forward = nnx.jit(lambda model: model(x))
    np.testing.assert_allclose(forward(recomputed), forward(plain), atol=1e-6)
