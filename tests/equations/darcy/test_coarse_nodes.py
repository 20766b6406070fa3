import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.grids.grid import Grid
from pde.solvers.conductances import conductances, divergence
from pde.solvers.upscaling import upscale
from pde.system.errors import InputError

METHODS = ("arithmetic", "harmonic", "mean", "upscaled")
LAW = Darcy(resolution=241)


def upscaled(coefficient, stride, spacing):
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, upscale(jnp.asarray(coefficient), stride, spacing))


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


def test_a_stride_of_one_gives_the_fine_conductances():
    a, spacing = np.exp(np.random.default_rng(0).normal(size=(9, 12))), (0.1, 0.3)
    with jax.enable_x64(True):
        fine = conductances(jnp.asarray(a), spacing)
    for found, expected in zip(upscaled(a, 1, spacing), fine, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
def test_across_layers_they_conduct_in_series(stride):
    """u' = q / a solves (a u')' = 0: fluxes of the fine solution, strided, balance at each coarse node."""
    nodes, h = 4 * stride + 1, 0.01
    layers = np.exp(np.random.default_rng(stride).normal(size=nodes))
    u = np.concatenate([[0.0], np.cumsum(h * 2 / (layers[1:] + layers[:-1]))])  # flux 1
    c = upscaled(np.repeat(layers[:, None], 3 * stride + 1, axis=1), stride, (h, 2 * h))
    drop = np.diff(u[::stride])[:, None]
    np.testing.assert_allclose(c.x * drop * (stride * h), 1, rtol=1e-13)
    field = np.repeat(u[::stride, None], 4, axis=1)
    with jax.enable_x64(True):
        np.testing.assert_allclose(divergence(c, jnp.asarray(field)), 0, atol=1e-11 / h)


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
def test_along_layers_they_conduct_in_parallel(stride):
    """A linear u has through a dual cell the flux of a's mean across it, a constant on each fine dual cell; those
    at the ends of an even stride are cut in half.
    """
    nodes, h = 4 * stride + 1, 0.01
    layers = np.exp(np.random.default_rng(stride).normal(size=nodes))
    c = upscaled(np.repeat(layers[None, :], 3 * stride + 1, axis=0), stride, (2 * h, h))
    halves = np.repeat(layers, 2)  # half a fine cell to either side of each node
    centres = 2 * stride * np.arange(1, 4) + 1  # between the two halves of a coarse node
    integrals = [halves[i - stride : i + stride].mean() for i in centres]
    np.testing.assert_allclose(c.x * (stride * 2 * h) ** 2, np.tile(integrals, (3, 1)), rtol=1e-13)


def test_both_axes_are_treated_alike():
    a = np.exp(np.random.default_rng(0).normal(size=(13, 19)))
    c, transposed = upscaled(a, 3, (0.1, 0.2)), upscaled(a.T, 3, (0.2, 0.1))
    np.testing.assert_allclose(c.y, transposed.x.T, rtol=1e-14)


def test_what_cannot_be_strided_or_solved_is_refused(samples):
    a = samples[0]["coefficient"]
    for stride in (0, 7, 240):
        with pytest.raises(InputError, match=f"stride {stride} of 241 x 241 nodes"):
            coarse_solve(a, LAW.grid, stride, "upscaled")
    with pytest.raises(InputError, match="positive"):
        coarse_solve(-a, LAW.grid, 8, "arithmetic")
    with pytest.raises(InputError, match="nodes"):
        coarse_solve(a[1:, 1:], Grid(LAW.grid.x[1:], LAW.grid.y[1:], "zero", LAW.grid.domain), 8, "mean")
