import numpy as np
import pytest

from pde.metrics.spectra import BANDS, band_rms, shell_energy

X, Y = np.arange(32)[:, None] / 32, np.arange(40)[None, :] / 40


def wave(k1, k2):
    """Unit amplitude, so a root mean square of sqrt(1/2)."""
    return np.cos(2 * np.pi * (k1 * X + k2 * Y) + 0.3)[None]


@pytest.mark.parametrize(
    ("k", "band"), [((4,), "low"), ((5,), "middle"), ((13,), "high"), ((2, 3, 3), "low"), ((0, 3, -4), "middle")]
)
def test_a_wave_on_one_and_three_axes(k, band):
    sides = (32, 12, 16)[: len(k)]
    phase = sum(wave * n / side for wave, n, side in zip(k, np.indices(sides), sides, strict=True))
    field = np.cos(2 * np.pi * phase + 0.3)[None]
    for name, found in band_rms(field).items():
        np.testing.assert_allclose(found, np.sqrt(0.5) if name == band else 0, atol=1e-12)
    np.testing.assert_allclose(shell_energy(field).sum(axis=1), np.mean(field**2), rtol=1e-12)


@pytest.mark.parametrize(
    ("k", "band"),
    [
        ((4, 0), "low"),
        ((-3, 3), "low"),  # |k| = 4.24
        ((3, 4), "middle"),  # |k| = 5 exactly
        ((0, -12), "middle"),
        ((9, 9), "middle"),  # |k| = 12.73
        ((5, -12), "high"),  # |k| = 13 exactly
        ((0, 19), "high"),
    ],
)
def test_a_wave_lies_in_one_band(k, band):
    found = band_rms(wave(*k))
    for name in BANDS:
        np.testing.assert_allclose(found[name], np.sqrt(0.5) if name == band else 0, atol=1e-12)


def test_a_constant_is_low():
    np.testing.assert_allclose(band_rms(np.full((1, 5, 6), -3.0))["low"], 3)


def test_squares_of_the_bands_add_up_to_the_mean_square():
    fields = np.random.default_rng(0).normal(size=(3, 31, 28))
    total = sum(each**2 for each in band_rms(fields).values())
    np.testing.assert_allclose(total, (fields**2).mean(axis=(1, 2)), rtol=1e-12)


def test_a_band_is_the_same_on_a_finer_grid():
    coarse, fine = (np.arange(n) / n for n in (32, 64))
    one, other = (
        band_rms(np.sin(2 * np.pi * 7 * x)[None, :, None] + np.zeros((1, 1, 40))) for x in (coarse, fine)
    )
    np.testing.assert_allclose(one["middle"], other["middle"], rtol=1e-12)


def test_a_wave_lies_in_the_shell_of_its_wave_number():
    for k, shell in (((0, 3), 3), ((-3, 4), 5), ((2, 2), 3), ((1, 1), 1)):  # |k| = 3, 5, 2.83 and 1.41
        energy = shell_energy(wave(*k))[0]
        np.testing.assert_allclose(energy[shell], 0.5, rtol=1e-12)
        np.testing.assert_allclose(energy.sum(), 0.5, rtol=1e-12)


def test_energy_of_all_shells_is_the_mean_square():
    fields = np.random.default_rng(0).normal(size=(3, 31, 28))
    np.testing.assert_allclose(shell_energy(fields).sum(axis=1), (fields**2).mean(axis=(1, 2)), rtol=1e-12)
