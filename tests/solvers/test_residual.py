import numpy as np
import pytest

from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.solvers.residual import relative_residual
from pde.system.errors import InputError

LAW = Darcy(resolution=33)


def test_the_solution_has_none_and_zero_has_all():
    sample = LAW.sample(0, 0)
    a, u = sample["coefficient"][None], sample["solution"][None]
    assert relative_residual(a, u, LAW.grid) < 1e-9
    np.testing.assert_allclose(relative_residual(a, 0 * u, LAW.grid), [1])
    np.testing.assert_allclose(relative_residual(a, 3 * u, LAW.grid), [2])


def test_float32_leaves_what_the_docstring_says():
    sample = LAW.sample(0, 0)
    rounded = sample["solution"].astype(np.float32)[None]
    bound = np.abs(rounded).max() * 2.0**-24 * 8 * 12 * 32**2
    assert 0 < relative_residual(sample["coefficient"][None], rounded, LAW.grid)[0] < bound


def test_the_strided_solution_has_a_large_one():
    sample = Darcy(resolution=241).sample(0, 0)
    a, u = (sample[name][None, ::8, ::8] for name in ("coefficient", "solution"))
    grid = Darcy(resolution=31).grid
    assert relative_residual(a, u, grid) == pytest.approx(1.1, abs=0.2)


def test_a_quadratic_on_a_rectangle():
    """-div(2 grad x(1 - x)/4) = 1, exact in the scheme, whatever is on the border."""
    x, y = np.linspace(0, 1, 9), np.linspace(0, 3, 7)
    u = np.tile((x * (1 - x) / 4)[:, None], (1, 7))
    grid = Grid((x, y), domain=(0.0, 1.0, 0.0, 3.0))
    np.testing.assert_allclose(relative_residual(np.full((1, 9, 7), 2.0), u[None], grid), [0], atol=1e-12)


def test_a_grid_without_borders_is_refused():
    x = (np.arange(5) + 0.5) / 5
    with pytest.raises(InputError, match="nodes"):
        relative_residual(np.ones((1, 5, 5)), np.ones((1, 5, 5)), Grid((x, x), domain=(0.0, 1.0, 0.0, 1.0)))
