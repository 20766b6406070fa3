"""Darcy flow at 16 x 16: the set of the neuraloperator package, 1000 training and 50 test samples, relative MSE.

    python -m benchmarks.published.darcy_16 --model mano|fno|vit --folder DIR [--seed 0]

DIR holds `darcy_neuralop_train_16.h5` and `darcy_neuralop_test_16.h5`, which cannot be made here; `manojax
convert` writes them from the package's .pt files. Models and recipe are the defaults of `manojax train`: relative
H1 is the loss, and the last tenth of the training samples chooses the checkpoint.

Hardware, time, figure reached: on a GPU not yet run. On 2 CPU cores `benchmarks/accuracy/neuraloperator_darcy.py`
runs the same recipe for 3 seeds; its docstring has the figures.

Published, relative MSE: MANO 0.008 (its paper, by all signs on this set), neuraloperator's own FNO example 0.0110
(192 k parameters, H1 loss, 30 epochs); a coarse solve with a fitted contrast has 0.0052.
"""

from benchmarks.published.data import NEURALOPERATOR_16
from benchmarks.published.runner import main
from benchmarks.published.setting import Setting
from manojax import MODELS
from pde.runs.config import TrainingConfig

SETTING = Setting(
    name="darcy_16",
    data=NEURALOPERATOR_16,
    test_samples=50,
    training=TrainingConfig(),
    models={name: MODELS[name].Config() for name in ("mano", "fno", "vit")},
    published={
        "MANO, by all signs on this set": {"relative_mse": 0.008},
        "neuraloperator's FNO example": {"relative_l2": 0.100, "relative_mse": 0.0110},
        "coarse solve, contrast fitted": {"relative_mse": 0.0052},
    },
)

if __name__ == "__main__":
    main(SETTING, __doc__)
