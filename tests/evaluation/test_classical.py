"""The search for the cheapest coarse solve."""

import numpy as np
import pytest

from pde.data import datasets
from pde.equations.registry import EQUATIONS
from pde.evaluation import classical as search
from pde.evaluation.classical import cheapest
from pde.metrics import sample_errors
from pde.surrogates.resampling import carried

DARCY = EQUATIONS["darcy"]


def errors_at(data, wanted):
    """Mean relative L2 of every scheme and stride at the points of one stride, all recomputed."""
    grid, true = data.grid.strided(wanted), data.read_outputs(stride=wanted)
    means = {}
    for stride in map(data.stride_to, data.grid.resolutions()):
        for scheme in DARCY.schemes(stride):
            solved = [DARCY.solve(scheme, [a], data.grid, stride) for a in data.read("coefficient")]
            values = carried(np.stack(solved).astype(np.float32), data.grid.strided(stride), grid, DARCY.outputs)
            errors = sample_errors(values, true, (grid.x, grid.y))["relative_l2"]
            means[scheme, stride] = errors.mean()
    return means


@pytest.mark.parametrize("wanted", [2, 4])
@pytest.mark.slow
def test_the_cheapest_solve_is_the_fastest_of_all_that_are_accurate_enough(darcy_file, monkeypatch, wanted):
    """Times are made up: they grow with the number of points, and differ by scheme."""
    data = datasets.open(darcy_file)
    cost = {"arithmetic": 1.0, "harmonic": 1.01, "mean": 2.0, "upscaled": 3.0}
    monkeypatch.setattr(search, "median_milliseconds", lambda call: time_of(call.func.scheme, call.func.stride))

    def time_of(scheme, stride):
        return cost[scheme] * (16 / stride + 1) ** 2

    means = errors_at(data, wanted)
    assert set(means) == {(s, k) for k in (1, 2, 4, 8) for s in DARCY.schemes(k)}
    for most in (1e-6, 0.008, 0.02, 0.05, 0.2, 1.0):
        enough = [each for each, error in means.items() if error <= most]
        best = cheapest(data, DARCY, wanted, most)
        assert (best.scheme, best.stride) == min(enough, key=lambda each: time_of(*each))
        assert best.error == pytest.approx(means[best.scheme, best.stride], rel=1e-3, abs=1e-6)
        assert best.resolution == 16 // best.stride + 1
    assert cheapest(data, DARCY, wanted, -1.0) is None
