import runpy
from pathlib import Path

import pytest
from matplotlib.image import imread

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_a_coefficient_is_recovered_from_noisy_readings_of_the_pressure(tmp_path):
    """The example in small: from 100 % to less than 2 % of error at 0.1 % of noise."""
    example = runpy.run_path(str(EXAMPLES / "recover_coefficient.py"))
    recovery = example["recover"](nodes=17, modes=2, sensors=40, steps=5)
    assert recovery.errors[0] == 1.0
    assert recovery.errors[-1] < 0.02
    example["draw"](recovery, tmp_path / "recovered.png")
    assert imread(tmp_path / "recovered.png").std() > 0.1
