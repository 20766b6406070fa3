"""The field is a sum of known functions with known deviations, so every moment is known, and some in closed form.

Seeds are fixed. A mean over N samples is off by its standard error: deviation/sqrt(N) for the mean of a normal,
variance sqrt(2/N) for its variance. Tolerances are three of them where nothing else is said.
"""

import jax
import numpy as np
import pytest
import scipy.fft
from scipy.special import kv

from pde.random_fields.gaussian import amplitudes, gaussian_field

POINTS = {"nodes": lambda n: np.linspace(0, 1, n), "cells": lambda n: (np.arange(n) + 0.5) / n}


def cosines(points, count):
    k = np.arange(count)
    return np.where(k == 0, 1.0, np.sqrt(2)) * np.cos(np.pi * points[:, None] * k)


def variance(points, count, alpha=2.0, tau=3.0):
    """Var g(x, y) = sum_kl s_kl^2 phi_k(x)^2 phi_l(y)^2, on the product grid of the points."""
    with jax.enable_x64(True):
        squares = np.asarray(amplitudes((count, count), alpha, tau)) ** 2
    basis = cosines(points, count) ** 2
    return basis @ squares @ basis.T


def samples(count, shape, *, alpha=2.0, tau=3.0, **options):
    """The fields of the keys 0, 1, 2 ..."""

    def field(key):
        return gaussian_field(key, shape, alpha=alpha, tau=tau, **options)

    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.vmap(field))(jax.vmap(jax.random.key)(np.arange(count))))


def test_variance_of_the_published_field_as_a_sum_over_its_spectrum():
    """On the 421 cell centres of the published set the deviation is 0.292083 in the mean square."""
    centres = POINTS["cells"](421)
    spread = variance(centres, 421)
    assert np.sqrt(spread.mean()) == pytest.approx(0.292083, abs=1e-6)
    assert np.sqrt(spread[210, 210]) == pytest.approx(0.16, abs=0.005)
    assert np.sqrt(spread[0, 0]) == pytest.approx(0.47, abs=0.005)


@pytest.mark.parametrize("centring", POINTS)
def test_points_carry_the_cosine_series(centring):
    """The transform against the dense sum of the same normals."""
    shape, lengths = (17, 12), (1.0, 0.25)
    with jax.enable_x64(True):
        key = jax.random.key(3)
        normals = np.asarray(jax.random.normal(key, shape, np.float64))
        scale = np.asarray(amplitudes(shape, 2.0, 3.0, lengths))
        field = np.asarray(gaussian_field(key, shape, alpha=2.0, tau=3.0, lengths=lengths, centring=centring))
    bases = [cosines(POINTS[centring](n), n) for n in shape]
    np.testing.assert_allclose(field, bases[0] @ (scale * normals) @ bases[1].T, atol=1e-13)


@pytest.mark.parametrize("centring", POINTS)
def test_samples_have_the_mean_and_variance_of_the_spectrum(centring):
    n, count = 33, 2000
    fields = samples(count, (n, n), centring=centring)
    expected = variance(POINTS[centring](n), n)
    for i, j in ((0, 0), (16, 16), (2, 27)):
        values = fields[:, i, j]
        assert abs(values.mean()) < 3 * np.sqrt(expected[i, j] / count)
        assert abs(values.var() - expected[i, j]) < 3 * expected[i, j] * np.sqrt(2 / count)


def test_the_mean_over_the_square_is_zero_in_every_sample():
    """Exactly so by the midpoint rule on cells, by the trapezoidal rule on nodes."""
    assert abs(samples(5, (16, 9), centring="cells").mean(axis=(1, 2))).max() < 1e-15
    ends = [np.r_[0.5, np.ones(n - 2), 0.5] for n in (16, 9)]
    assert abs(np.einsum("sij,i,j->s", samples(5, (16, 9)), *ends)).max() < 1e-13


@pytest.mark.parametrize("alpha", [2.0, 3.0])
def test_the_spectrum_falls_off_with_the_power_of_the_law(alpha):
    """E c_kl^2 ~ (k^2 + l^2)^(-alpha) far beyond tau, from samples, by a transform that is not ours.

    The logarithm of a mean of N squares scatters by sqrt(2/N), which gives the standard error of the fitted slope;
    tau, which the fit leaves out, makes it flatter by less than 2 alpha tau^2/(pi k)^2 < 0.01 at k = 8, tau = 1.
    """
    n, count = 32, 200
    fields = samples(count, (n, n), alpha=alpha, tau=1.0, centring="cells")
    spectrum = (scipy.fft.dctn(fields, axes=(1, 2), norm="ortho") ** 2).mean(axis=0)
    radius = np.hypot(*np.indices((n, n)))
    tail = radius >= 8
    distance = np.log(radius[tail]) - np.log(radius[tail]).mean()
    slope = distance @ np.log(spectrum[tail]) / (distance @ distance)
    error = np.sqrt(2 / count / (distance @ distance))
    assert error < 0.01
    assert abs(slope + 2 * alpha) < 3 * error + 0.01


@pytest.mark.slow
def test_lengths_stretch_the_correlation_along_each_axis():
    """Far from the border the covariance at distance d is the plane's, r K_1(r) / (4 pi), r = tau d / length.

    That is Whittle's, for alpha = 2; from it goes the variance of the mode left out, lx ly / tau^2. The grid cuts
    off less than 1 % of the variance. A product of two normals scatters by hypot(variance, covariance).
    """
    tau, lengths, count = 20.0, (2.0, 0.5), 2000
    fields = samples(count, (41, 161), tau=tau, lengths=lengths)
    steps = np.arange(1, 9)
    r = steps * tau / 40 / lengths[0]
    np.testing.assert_allclose(r, steps * tau / 160 / lengths[1])  # the grid is stretched as the field is
    expected = r * kv(1, r) / (4 * np.pi) - lengths[0] * lengths[1] / tau**2
    error = np.hypot(1 / (4 * np.pi), expected) / np.sqrt(count)
    centre = fields[:, 20, 80]
    for neighbours in (fields[:, 20 + steps, 80], fields[:, 20, 80 + steps]):
        covariance = (centre[:, None] * neighbours).mean(axis=0)
        assert (abs(covariance - expected) < 3 * error + 0.01 / (4 * np.pi)).all()


def test_equal_lengths_are_another_tau():
    np.testing.assert_allclose(samples(2, (9, 7), lengths=(1.5, 1.5)), samples(2, (9, 7), tau=2.0), rtol=1e-12)
