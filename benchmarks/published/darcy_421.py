"""Darcy flow at 421 x 421, where striding loses nothing: errors against time, operators beside the solver.

    python -m benchmarks.published.darcy_421 --model mano|fno|vit --folder DIR [--seed 0] [--epochs 100]

1000 training and 100 test samples. The data are on nodes, where our solver takes them, and are made in DIR unless
they are there. Solver rows at 421 are the cost of the true solutions on the same device; strides are cheaper, and
their errors are at the points of the stride. `milliseconds` in the results are those of one sample.

Hardware, time, figure reached: not yet run. On 2 CPU cores the solver takes 16 ms (README).

Published: no figure on these data. Recipe: relative H1, 100 epochs, batches under the symmetries of the square,
the last epoch; the length is our choice; the coarser tables have 500 epochs.
"""

from dataclasses import replace

from benchmarks.published.data import NODES_421
from benchmarks.published.runner import main
from benchmarks.published.setting import LONG, Setting
from manojax.operators.fno import FNOConfig
from manojax.operators.mano import MANOConfig
from manojax.operators.vit import ViTConfig

SETTING = Setting(
    name="darcy_421",
    data=NODES_421,
    test_samples=100,
    training=replace(LONG, epochs=100, batch_size=4, learning_rate=1e-3),
    models={
        "mano": MANOConfig(),
        "fno": FNOConfig(),
        # 53 x 53 patches, the cost of which is quadratic; their attention is not kept for the gradient.
        "vit": ViTConfig(width=128, depth=6, patch=8, remat=True),
    },
    published={},
    solved_at=(85, 141, 211),
)

if __name__ == "__main__":
    main(SETTING, __doc__)
