import jax
import numpy as np
import pytest

from pde.random_fields import amplitudes, gaussian_field, on_cells


def cosines(points, count):
    k = np.arange(count)
    return np.where(k == 0, 1.0, np.sqrt(2)) * np.cos(np.pi * points[:, None] * k)


def variance(points, count, alpha=2.0, tau=3.0):
    """Var g(x, y) = sum_kl s_kl^2 phi_k(x)^2 phi_l(y)^2, on the product grid of the points."""
    with jax.enable_x64(True):
        squares = np.asarray(amplitudes((count, count), alpha, tau)) ** 2
    basis = cosines(points, count) ** 2
    return basis @ squares @ basis.T


def sample(index, shape=(17, 12)):
    with jax.enable_x64(True):
        return np.asarray(gaussian_field(jax.random.key(index), shape, alpha=2.0, tau=3.0))


def test_variance_of_the_published_field_as_a_sum_over_its_spectrum():
    """On the 421 cell centres of the published set the deviation is 0.292083 in the mean square."""
    centres = (np.arange(421) + 0.5) / 421
    spread = variance(centres, 421)
    assert np.sqrt(spread.mean()) == pytest.approx(0.292083, abs=1e-6)
    assert np.sqrt(spread[210, 210]) == pytest.approx(0.16, abs=0.005)
    assert np.sqrt(spread[0, 0]) == pytest.approx(0.47, abs=0.005)


def test_nodes_carry_the_cosine_series():
    """DCT-I against the dense sum of the same normals."""
    shape = (17, 12)
    with jax.enable_x64(True):
        normals = np.asarray(jax.random.normal(jax.random.key(3), shape, np.float64))
        scale = np.asarray(amplitudes(shape, 2.0, 3.0))
    bases = [cosines(np.linspace(0, 1, n), n) for n in shape]
    np.testing.assert_allclose(sample(3, shape), bases[0] @ (scale * normals) @ bases[1].T, atol=1e-13)


def test_cell_centres_carry_the_same_series():
    """DCT-III against the dense sum."""
    shape = (17, 12)
    coefficients = np.random.default_rng(0).normal(size=shape)
    bases = [cosines((np.arange(n) + 0.5) / n, n) for n in shape]
    with jax.enable_x64(True):
        found = np.asarray(on_cells(jax.numpy.asarray(coefficients)))
    np.testing.assert_allclose(found, bases[0] @ coefficients @ bases[1].T, atol=1e-12)


def test_samples_have_the_mean_and_variance_of_the_spectrum():
    """Three standard errors: of the mean, deviation/sqrt(N); of the variance, variance sqrt(2/N)."""
    n, count = 9, 2000
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), count)
        fields = np.asarray(jax.vmap(lambda key: gaussian_field(key, (n, n), alpha=2.0, tau=3.0))(keys))
    expected = variance(np.linspace(0, 1, n), n)
    for i, j in ((0, 0), (4, 4), (2, 7)):
        values = fields[:, i, j]
        assert abs(values.mean()) < 3 * np.sqrt(expected[i, j] / count)
        assert abs(values.var() - expected[i, j]) < 3 * expected[i, j] * np.sqrt(2 / count)
