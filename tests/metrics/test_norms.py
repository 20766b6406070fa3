from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde import metrics


def fields(n, function):
    x = np.linspace(0, 1, n)
    return function(x[:, None], x[None, :]).astype(np.float32)[None, :, :, None], (x, x)


def test_relative_l2_and_mse_by_hand():
    true = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32).reshape(1, 2, 2, 1)
    predicted = np.array([[3.0, 4.0], [0.0, 1.0]], np.float32).reshape(1, 2, 2, 1)
    errors = metrics.sample_errors(
        np.concatenate([predicted, 2 * true]), np.concatenate([true, true]), ([0, 1], [0, 1])
    )
    np.testing.assert_allclose(errors["relative_l2"], [0.2, 1.0], rtol=1e-6)
    np.testing.assert_allclose(errors["relative_mse"], [0.04, 1.0], rtol=1e-6)
    means = metrics.mean_errors([errors])
    assert means["relative_mse"] == pytest.approx(0.52)
    assert means["relative_mse"] != pytest.approx(means["relative_l2"] ** 2)


def test_relative_h1_is_numpys_gradient_on_uneven_points():
    generator = np.random.default_rng(0)
    x, y = np.sort(generator.uniform(0, 3, 9)), np.sort(generator.uniform(0, 1, 7))
    predicted, true = generator.normal(size=(2, 1, 9, 7, 1)).astype(np.float32)

    def norm(u):
        along_x, along_y = np.gradient(u[0, :, :, 0].astype(np.float64), x, y)
        return (u.astype(np.float64) ** 2).sum() + (along_x**2).sum() + (along_y**2).sum()

    expected = np.sqrt(norm(predicted - true) / norm(true))
    # numpy weighs uneven interior slopes as we do, and takes one-sided slopes at the ends
    got = metrics.sample_errors(predicted, true, (x, y))["relative_h1"]
    np.testing.assert_allclose(got, [expected], rtol=1e-5)


def test_relative_h1_converges_to_the_integral():
    """u = sin(pi x) sin(pi y), error 0.1 sin(2 pi x) sin(pi y): squares (1 + 2 pi^2)/4 and (1 + 5 pi^2)/400."""
    true, coordinates = fields(201, lambda x, y: np.sin(np.pi * x) * np.sin(np.pi * y))
    error, _ = fields(201, lambda x, y: 0.1 * np.sin(2 * np.pi * x) * np.sin(np.pi * y))
    exact = 0.1 * np.sqrt((1 + 5 * np.pi**2) / (1 + 2 * np.pi**2))
    got = metrics.sample_errors(true + error, true, coordinates)["relative_h1"]
    np.testing.assert_allclose(got, [exact], rtol=2e-3)


@pytest.fixture(scope="module")
def neuraloperator():
    """What `tests/fixtures/neuraloperator_losses.py` has written."""
    return np.load(Path(__file__).parents[1] / "fixtures" / "neuraloperator_losses.npz")


def ours(stored, kind):
    predicted, true = (stored[f"{kind}/{name}"][..., None] for name in ("predicted", "true"))
    points = tuple(h * np.arange(n) for h, n in zip(stored["spacing"], true.shape[1:3], strict=True))
    return metrics.sample_errors(predicted, true, points)


@pytest.mark.parametrize("kind", ["inner", "smooth"])
def test_relative_l2_is_that_of_neuraloperator(neuraloperator, kind):
    np.testing.assert_allclose(ours(neuraloperator, kind)["relative_l2"], neuraloperator[f"{kind}/l2"], rtol=1e-6)


@pytest.mark.parametrize("ends", ["h1_periodic", "h1_ends"])
def test_relative_h1_is_that_of_neuraloperator_up_to_the_ends_of_an_axis(neuraloperator, ends):
    """The same where fields vanish near the border; its ways with the ends differ from ours by thousandths."""
    for kind, rtol in (("inner", 1e-6), ("smooth", 2e-3)):
        expected = neuraloperator[f"{kind}/{ends}"]
        np.testing.assert_allclose(ours(neuraloperator, kind)["relative_h1"], expected, rtol=rtol)
    assert not np.allclose(ours(neuraloperator, "smooth")["relative_h1"], expected, rtol=1e-4)


@pytest.mark.parametrize("axes", [1, 3])
def test_errors_of_a_plane_on_one_and_three_axes(axes):
    """An error e = 0.1 (1 + x + 2 y + 3 z) in place of u has e's norms: derivatives of a plane are exact."""
    points = tuple(np.linspace(0, 1, n) ** (1 + axis) for axis, n in enumerate((9, 7, 5)[:axes]))
    slopes = (1.0, 2.0, 3.0)[:axes]
    plane = 1 + sum(slope * each for slope, each in zip(slopes, np.meshgrid(*points, indexing="ij"), strict=True))
    error = 0.1 * plane
    true = np.ones_like(plane)
    found = metrics.sample_errors(
        *(each[None, ..., None].astype(np.float32) for each in (true + error, true)), points
    )
    squared = np.mean(error**2)
    derivatives = sum((0.1 * slope) ** 2 for slope in slopes)
    np.testing.assert_allclose(found["relative_mse"], squared, rtol=1e-5)
    np.testing.assert_allclose(found["relative_h1"], np.sqrt(squared + derivatives), rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_errors_do_not_depend_on_the_unit_of_the_field(scale):
    generator = np.random.default_rng(0)
    predicted, true = generator.normal(size=(2, 3, 9, 7, 1)).astype(np.float32)
    points = (np.linspace(0, 1, 9), np.linspace(0, 1, 7))
    one = metrics.sample_errors(predicted, true, points)
    other = metrics.sample_errors(predicted * np.float32(scale), true * np.float32(scale), points)
    for name, errors in one.items():
        np.testing.assert_allclose(other[name], errors, rtol=1e-5)


def test_relative_h1_survives_large_coordinates():
    """Metres from a distant origin: distances of a quarter are beyond float32 there."""
    generator = np.random.default_rng(0)
    predicted, true = generator.normal(size=(2, 3, 9, 7, 1)).astype(np.float32)
    near = (0.25 * np.arange(9), 0.25 * np.arange(7))
    far = (near[0] + 4.5e6, near[1] + 4.5e6)
    one, other = (metrics.sample_errors(predicted, true, points)["relative_h1"] for points in (near, far))
    np.testing.assert_allclose(other, one, rtol=1e-6)


def test_the_gradient_at_an_exact_prediction_is_zero():
    true = jnp.ones((1, 4, 4, 1))
    gradient = jax.grad(lambda p: metrics.relative_l2(p, true).sum())(true)
    assert not np.any(gradient)
