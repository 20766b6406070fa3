import numpy as np
import pytest

from pde.metrics.distribution import bootstrap_interval, distribution


def test_percentiles_and_the_worst_by_hand():
    errors = np.roll(np.arange(101.0), 7)  # sample 6 is the worst, with 100
    found = distribution(errors)
    assert found["percentiles"] == {"50": 50, "90": 90, "99": 99, "worst": 100}
    assert found["worst"][0] == {"sample": 6, "error": 100.0}
    assert [each["error"] for each in found["worst"]] == [100, 99, 98, 97, 96]


def test_fewer_samples_than_five_are_all_there():
    assert [each["sample"] for each in distribution(np.array([0.1, 0.3]))["worst"]] == [1, 0]


def test_a_prediction_that_is_nan_is_the_worst():
    found = distribution(np.array([0.1, np.nan, 0.3]))
    assert [each["sample"] for each in found["worst"]] == [1, 2, 0]
    assert np.isnan(found["percentiles"]["worst"])


def test_errors_too_large_for_float32_are_infinite_without_a_warning():
    found = distribution(np.array([0.1, 0.2, 0.3, np.inf, np.inf], np.float32))
    assert found["percentiles"] == {"50": pytest.approx(0.3), "90": np.inf, "99": np.inf, "worst": np.inf}
    assert found["interval"][1] == np.inf
    assert found["worst"][0]["error"] == np.inf


def test_the_interval_is_the_normal_one_for_many_samples():
    """Mean plus or minus 1.96 standard errors, by the central limit theorem."""
    values = np.random.default_rng(1).exponential(size=2000)
    error = values.std() / np.sqrt(len(values))
    low, high = bootstrap_interval(values)
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_the_interval_is_seeded_and_scales_with_the_values():
    values = np.random.default_rng(0).uniform(size=30)
    assert bootstrap_interval(values) == bootstrap_interval(values)
    np.testing.assert_allclose(bootstrap_interval(4 * values), np.multiply(4, bootstrap_interval(values)))
    assert bootstrap_interval(np.full(3, 0.25)) == (0.25, 0.25)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    """40 draws of 40 samples: 38 expected, fewer than 33 in one case of a thousand."""
    generator = np.random.default_rng(0)
    intervals = [bootstrap_interval(generator.uniform(size=40)) for _ in range(40)]
    assert sum(low < 0.5 < high for low, high in intervals) >= 33
