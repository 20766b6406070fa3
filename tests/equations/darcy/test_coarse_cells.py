import dataclasses

import numpy as np
import pytest

from pde.data import datasets
from pde.data.generate import generate
from pde.equations.darcy.canonical import cell_centres
from pde.equations.darcy.coarse_cells import solve_cells
from pde.equations.darcy.equation import DARCY
from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.evaluation.baselines import coarse_baseline
from pde.grids.grid import Grid
from pde.system.errors import InputError

UNIT_SQUARE = (0.0, 1.0, 0.0, 1.0)


def rough(shape):
    return np.exp(np.random.default_rng(0).normal(size=shape))


def test_inner_nodes_are_solved_as_nodes_are():
    """A border one spacing away is the border of a node grid that continues the coefficient."""
    x, y, a = np.linspace(0, 2, 12), np.linspace(0, 1, 9), rough((10, 7))
    domain = (0.0, 2.0, 0.0, 1.0)
    inside = Grid((x[1:-1], y[1:-1]), domain=domain)
    expected = solve_darcy(np.pad(a, 1, mode="edge"), Grid((x, y), domain=domain))
    np.testing.assert_allclose(solve_cells(a, inside, 1), expected[1:-1, 1:-1], rtol=1e-8)


@pytest.mark.parametrize("stride", [2, 3, 5])
def test_a_constant_coefficient_is_not_changed_by_upscaling(stride):
    """Fine faces add up to the coarse distances, pieces of cells to the coarse widths, at both borders."""
    grid = Grid((cell_centres(30), cell_centres(30)), domain=UNIT_SQUARE)
    a = np.full(grid.shape, 7.0)
    strided = solve_cells(a[::stride, ::stride], grid.strided(stride), 1)
    np.testing.assert_allclose(solve_cells(a, grid, stride), strided, rtol=1e-8)
    exact = 0.0736713 / 7  # the largest value of the continuous solution, between the points
    assert strided.max() == pytest.approx(exact, rel=0.03)


def test_both_axes_are_treated_alike():
    x, y, a = 2 * cell_centres(24), cell_centres(15), rough((24, 15))
    grid, turned = (
        Grid((x, y), domain=(0.0, 2.0, 0.0, 1.0)),
        Grid((y, x), domain=(0.0, 1.0, 0.0, 2.0)),
    )
    np.testing.assert_allclose(solve_cells(a.T, turned, 3), solve_cells(a, grid, 3).T, rtol=1e-8)


@pytest.mark.slow
def test_errors_are_those_of_the_table():
    """Measured from 421 cells (`benchmarks/accuracy/coarse_solve.py --canonical`), here from 241 for fewer
    samples: to a third, far less than the factor of 3 that taking strides for centres of coarser cells would cost.
    """
    law = Darcy(resolution=241, canonical=True)
    samples = list(law.samples(0, range(4)))
    for faces, expected in {"arithmetic": 0.0204, "harmonic": 0.0137, "mean": 0.0120, "upscaled": 0.0044}.items():
        errors = []
        for sample in samples:
            true = sample["solution"][::8, ::8]
            solved = DARCY.solve(faces, [sample["coefficient"]], law.grid, 8)[..., 0]
            errors.append(np.linalg.norm(solved - true) / np.linalg.norm(true))
        assert np.mean(errors) == pytest.approx(expected, rel=1 / 3), faces


@pytest.mark.slow
def test_canonical_files_have_coarse_solves_and_no_residuals(tmp_path):
    """The solve that made the file was another, so on its own grid there are errors too."""
    generate(Darcy(resolution=24, canonical=True), tmp_path / "cells.h5", samples=2, seed=0)
    data = datasets.open(tmp_path / "cells.h5")
    coarse, own = coarse_baseline(data, [8, 24])["rows"]
    assert all("truth" not in row and "residual" not in row["arithmetic"] for row in (coarse, own))
    assert "upscaled" not in own
    assert 0 < own["arithmetic"]["relative_l2"] < 0.03
    assert coarse["upscaled"]["relative_l2"] < coarse["arithmetic"]["relative_l2"]


def test_other_points_and_coefficients_are_refused():
    grid = Grid((cell_centres(8), cell_centres(8)), domain=UNIT_SQUARE)
    far, one_border = 0.5 + 0.6 * (grid.x - 0.5), np.arange(8) / 8
    for axis in (far, one_border, np.sort(np.random.default_rng(0).uniform(0.1, 0.9, 8))):
        with pytest.raises(InputError, match="equally spaced points inside the border"):
            solve_cells(np.ones((8, 8)), dataclasses.replace(grid, axes=(axis, grid.y)), 1)
    with pytest.raises(InputError, match="positive"):
        solve_cells(np.zeros((8, 8)), grid, 1)
