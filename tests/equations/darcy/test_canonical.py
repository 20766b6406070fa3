import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.cli import main
from pde.data import datasets
from pde.equations.darcy.canonical import cell_centres, solve_canonical, spline
from pde.equations.darcy.problem import Darcy
from pde.solvers.elliptic import solve
from pde.system.errors import InputError

LAW = Darcy(resolution=64, canonical=True)


def solved(coefficient):
    with jax.enable_x64(True):
        return np.asarray(solve_canonical(jnp.asarray(coefficient)).solution)


def dense_spline(source, target):
    """The matrix of the not-a-knot cubic spline: twice continuously differentiable cubics (truncated powers at all
    inner knots but the first and the last), fitted and evaluated.
    """
    knots = source[2:-2]

    def basis(points):
        powers = np.stack([points**k for k in range(4)], axis=1)
        return np.concatenate([powers, np.maximum(points[:, None] - knots, 0) ** 3], axis=1)

    return basis(target) @ np.linalg.inv(basis(source))


def dense_canonical(coefficient):
    """The whole procedure by dense matrices and loops, in numpy alone."""
    n = len(coefficient)
    centres, nodes = (np.arange(n) + 0.5) / n, np.arange(n) / (n - 1)
    there, back = dense_spline(centres, nodes), dense_spline(nodes, centres)
    a = there @ coefficient @ there.T
    matrix = np.eye(n * n)
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            matrix[i * n + j, i * n + j] = 0
            for p, q in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                face = (a[i, j] + a[p, q]) / 2 * (n - 1) ** 2
                matrix[i * n + j, i * n + j] += face
                matrix[i * n + j, p * n + q] -= face
    right = np.pad(np.ones((n - 2, n - 2)), 1).ravel()
    return back @ np.linalg.solve(matrix, right).reshape(n, n) @ back.T


@pytest.mark.parametrize("law", ["two-phase", "rough", "smooth"])
def test_agrees_with_a_dense_computation(law):
    n = 14
    generator = np.random.default_rng(0)
    x = cell_centres(n)[:, None]
    a = {
        "two-phase": np.where(generator.uniform(size=(n, n)) < 0.5, 3.0, 12.0),
        "rough": np.exp(3 * generator.normal(size=(n, n))),
        "smooth": 1 + x + x.T**2,
    }[law]
    expected = dense_canonical(a)
    np.testing.assert_allclose(solved(a), expected, atol=1e-8 * np.abs(expected).max())


def test_the_spline_goes_on_beyond_its_points():
    """Cubics are reproduced, to the borders half a cell outside: neither clamped nor bent."""
    centres, nodes = cell_centres(12), np.linspace(0, 1, 12)

    def cubic(points):
        return np.outer(1 + points - 2 * points**3, points**3 - points**2)

    np.testing.assert_allclose(spline(cubic(centres), centres, nodes), cubic(nodes), atol=1e-13)


def test_its_distance_from_finite_volumes_on_the_same_cells():
    """0.016 % at 421, in the median (`benchmarks/accuracy/canonical.py`); of order one to two, so 0.1 to 0.7 % at
    64. A coefficient or a solution off by half a cell, 0.47 % at 421 and of first order, would be 3 %.
    """
    n = LAW.resolution
    volumes = jax.jit(lambda a: solve(a, jnp.ones_like(a), spacing=(1 / n, 1 / n), centring="cells").solution)

    def distance(sample):
        with jax.enable_x64(True):
            u = np.asarray(volumes(jnp.asarray(sample["coefficient"])))
        return np.linalg.norm(u - sample["solution"]) / np.linalg.norm(u)

    assert 0.001 < np.median([distance(sample) for sample in LAW.samples(0, range(9))]) < 0.007


def test_a_sample_has_the_published_features():
    """Values 3 and 12 on cells, which the spline takes below zero and far higher (at 421 from about -19 to +25, in
    a few samples further); u small in border cells, not zero.
    """
    sample = LAW.sample(0, 0)
    assert set(np.unique(sample["coefficient"])) == {3.0, 12.0}
    effective = spline(sample["coefficient"], LAW.grid.x, np.linspace(0, 1, LAW.resolution))
    assert effective.min() < 0
    assert effective.max() > 15
    u = sample["solution"]
    assert 0 < np.abs(u[0]).max() < 0.1 * u.max()
    assert 0 < sample["residual"] < 1e-11


def test_the_file_says_what_it_is(tmp_path, capsys):
    path = tmp_path / "canonical.h5"
    assert main(["generate", str(path), "--resolution", "24", "--samples", "5", "--canonical"]) == 0
    assert "24 cells a side" in capsys.readouterr().out
    data = datasets.open(path)
    np.testing.assert_allclose(data.grid.x, (np.arange(24) + 0.5) / 24)
    assert data.outputs[0].border == "zero"
    assert data.grid.domain == (0, 1, 0, 1)
    assert not data.grid.on_nodes
    assert "solve_gwf.m" in data.attributes["scheme"]
    assert "cosine series on cells" in data.attributes["law"]
    assert data.read_residual().max() < 1e-12


def test_samples_side_by_side_have_the_bits_of_one_alone():
    for index, sample in enumerate(LAW.samples(0, range(8))):
        np.testing.assert_array_equal(sample["solution"], LAW.sample(0, index)["solution"])


def test_a_spline_needs_four_points():
    assert np.isfinite(Darcy(resolution=4, canonical=True).sample(0, 0)["solution"]).all()
    with pytest.raises(InputError, match="at least 4"):
        Darcy(resolution=3, canonical=True)


def test_a_singular_matrix_is_said():
    """A coefficient whose faces at a node are all zero."""
    with jax.enable_x64(True):
        failed = solve_canonical(jnp.zeros((8, 8)))
    assert not failed.converged
    assert np.isnan(failed.solution).all()
