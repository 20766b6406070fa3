"""Laws are pure functions of the field, so what the field is known to do says what they do.

Seeds are fixed; tolerances are three standard errors where nothing else is said.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.random_fields.coefficients import evaluate
from pde.random_fields.gaussian import amplitudes, gaussian_field
from pde.random_fields.laws import KPhase, LogNormal, TwoPhase

N, COUNT = 16, 2000


@pytest.fixture(scope="module")
def fields():
    """2000 samples of the published field on 16 x 16 cells."""

    def field(key):
        return gaussian_field(key, (N, N), alpha=2.0, tau=3.0, centring="cells")

    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.vmap(field))(jax.random.split(jax.random.key(0), COUNT)))


def apply(law, fields):
    with jax.enable_x64(True):
        return np.asarray(jax.vmap(lambda g: evaluate(law, g))(jnp.asarray(fields)))


def test_two_phases_are_equally_likely_at_every_point(fields):
    a = apply(TwoPhase(contrast_high=12.0, contrast_low=3.0), fields)
    np.testing.assert_array_equal(a, np.where(fields >= 0, 12.0, 3.0))
    for i, j in ((0, 0), (8, 8), (3, 12)):
        assert abs((a[:, i, j] == 12).mean() - 0.5) < 3 * 0.5 / np.sqrt(COUNT)


@pytest.mark.parametrize("phases", [(1.0, 4.0), (1.0, 4.0, 12.0), (5.0, 1.0, 3.0, 2.0)])
def test_k_phases_part_every_sample_equally_and_in_order(fields, phases):
    """Equal counts but for one point, where k does not divide 256; each phase lies above the one before."""
    a = apply(KPhase(phases), fields[:50])
    counts = np.stack([(a == value).sum(axis=(1, 2)) for value in phases])
    assert (counts.sum(axis=0) == N * N).all()
    assert np.ptp(counts, axis=0).max() <= (N * N % len(phases) != 0)
    for below, above in itertools.pairwise(phases):
        low = np.where(a == below, fields[:50], -np.inf).max(axis=(1, 2))
        high = np.where(a == above, fields[:50], np.inf).min(axis=(1, 2))
        assert (low < high).all()


def test_the_logarithm_of_a_log_normal_coefficient_is_the_field_scaled(fields):
    """Mean zero in every sample; over samples the mean square of 6 g is 36 times the sum of the spectrum.

    The mean square of one sample, sum_kl s_kl^2 xi_kl^2, has the variance 2 sum_kl s_kl^4.
    """
    logs = np.log(apply(LogNormal(6.0), fields))
    assert abs(logs.mean(axis=(1, 2))).max() < 1e-13
    with jax.enable_x64(True):
        squares = np.asarray(amplitudes((N, N), 2.0, 3.0)) ** 2
    error = np.sqrt(2 * (squares**2).sum() / COUNT)
    assert abs((logs**2).mean() / 36 - squares.sum()) < 3 * error
    assert 3 * error < 0.1 * squares.sum()
