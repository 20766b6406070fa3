import numpy as np
import pytest

from manojax import FNOConfig
from pde import TrainingConfig, plots, train
from pde.plots import LiveCurves
from pde.runs.run import history


@pytest.mark.slow
def test_curves_hold_what_the_run_keeps(darcy_file, tmp_path):
    curves = LiveCurves()
    config = TrainingConfig(resolution=9, epochs=2)
    options = FNOConfig(width=4, depth=1)
    train(darcy_file, tmp_path / "run", model="fno", options=options, config=config, on_epoch=curves.of("fno"))
    assert curves.histories["fno"] == history(tmp_path / "run")
    assert [line["epoch"] for line in curves.histories["fno"]] == [1, 2]
    losses = [line["train_loss"] for line in history(tmp_path / "run")]
    errors = [line["validation"]["relative_l2"] for line in history(tmp_path / "run")]
    lines = plots.learning_curves(curves.histories).axes[0].lines
    for line, expected in zip(lines, (losses, errors), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2])
        np.testing.assert_array_equal(line.get_ydata(), expected)
