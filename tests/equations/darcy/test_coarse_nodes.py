import numpy as np
import pytest

from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.grids.grid import Grid
from pde.system.errors import InputError

METHODS = ("arithmetic", "harmonic", "mean", "upscaled")
LAW = Darcy(resolution=241)


@pytest.fixture(scope="module")
def samples():
    return [LAW.sample(0, index) for index in range(6)]


@pytest.mark.parametrize(
    ("stride", "expected"),
    [
        (8, {"arithmetic": 0.0200, "harmonic": 0.0139, "mean": 0.0112, "upscaled": 0.0039}),
        (4, {"arithmetic": 0.0101, "harmonic": 0.0070, "mean": 0.0049, "upscaled": 0.0018}),
    ],
)
def test_errors_are_those_of_the_table(samples, stride, expected):
    """Measured from 421 nodes (`benchmarks/accuracy/coarse_solve.py`), here from 241 for fewer samples: to a
    third, far less than what parts upscaled faces from the rest.
    """

    def error(sample, method):
        fine = sample["solution"][::stride, ::stride]
        return np.linalg.norm(
            coarse_solve(sample["coefficient"], LAW.grid, stride, method) - fine
        ) / np.linalg.norm(fine)

    for method in METHODS:
        assert np.mean([error(s, method) for s in samples]) == pytest.approx(expected[method], rel=1 / 3), method


def test_a_constant_coefficient_needs_no_method():
    a = np.full(LAW.grid.shape, 7.0)
    solutions = [coarse_solve(a, LAW.grid, 8, method) for method in METHODS]
    for solution in (*solutions, solve_darcy(a[::8, ::8], LAW.grid.strided(8))):
        np.testing.assert_allclose(solution, solutions[0], rtol=1e-8, atol=0)


def test_what_cannot_be_strided_or_solved_is_refused(samples):
    a = samples[0]["coefficient"]
    for stride in (0, 7, 240):
        with pytest.raises(InputError, match=f"stride {stride} of 241 x 241 nodes"):
            coarse_solve(a, LAW.grid, stride, "upscaled")
    with pytest.raises(InputError, match="positive"):
        coarse_solve(-a, LAW.grid, 8, "arithmetic")
    with pytest.raises(InputError, match="nodes"):
        coarse_solve(a[1:, 1:], Grid((LAW.grid.x[1:], LAW.grid.y[1:]), domain=LAW.grid.domain), 8, "mean")
