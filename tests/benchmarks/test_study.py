"""Runs that benchmarks keep: a second call goes on with them, and refuses those of other settings."""

from dataclasses import replace

import pytest

from benchmarks.study import seconds_of, train_to_the_end
from manojax import FNOConfig
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig

SMALL = FNOConfig(width=4, depth=1, modes=(2, 2))


@pytest.mark.slow
def test_a_run_is_gone_on_with_if_its_settings_are_the_same(darcy_file, tmp_path):
    config, out = TrainingConfig(epochs=1, validation="none"), tmp_path / "run"
    trained = train_to_the_end(darcy_file, out, "fno", config, SMALL)
    seconds = seconds_of(out)
    again = train_to_the_end(darcy_file, out, "fno", config, SMALL)
    assert again.run == trained.run
    assert seconds_of(out) == seconds > 0
    for model, changed, options in (
        ("fno", replace(config, epochs=2), SMALL),
        ("fno", replace(config, view=View(restriction="means")), SMALL),
        ("fno", config, replace(SMALL, width=5)),
        ("mano", config, None),
    ):
        with pytest.raises(SystemExit, match="give another folder"):
            train_to_the_end(darcy_file, out, model, changed, options)
