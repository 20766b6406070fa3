"""What moves by Muon, and how far."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pde.training.engine.optimisers import make_optimiser, warmup_cosine

RATE = 1e-2


def first_step(params, gradient):
    """The change of parameters by the first step, which warms up all alone, without decay."""
    optimiser = make_optimiser(2, learning_rate=RATE, weight_decay=0.0)
    with jax.numpy_dtype_promotion("standard"):
        updates, _ = optimiser.update(gradient, optimiser.init(params), params)
    return jax.tree.map(jnp.subtract, optax.apply_updates(params, updates), params)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 3, 2, 5)])
def test_all_directions_of_a_kernel_move_as_far_and_as_far_as_those_of_adamw(shape):
    gradient = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    step = first_step({"kernel": jnp.zeros(shape)}, {"kernel": jnp.asarray(gradient)})["kernel"]
    matrix = np.asarray(step).reshape(-1, shape[-1])
    left, _, right = np.linalg.svd(gradient.reshape(matrix.shape), full_matrices=False)
    aligned = -np.diag(left.T @ matrix @ right.T) / (0.2 * RATE * np.sqrt(max(matrix.shape)))
    assert ((aligned > 0.65) & (aligned < 1.25)).all()  # five iterations of Newton and Schulz come so near to 1
    assert np.linalg.norm(matrix - left * np.diag(left.T @ matrix @ right.T) @ right) < 1e-5


def test_other_parameters_move_by_adamw_with_nesterov_momentum():
    """The momentum of the first step, rid of bias, is 0.9 (0.1 g) / (1 - 0.9^2) + 0.1 g / (1 - 0.9)
    at a gradient g."""
    params = {"bias": jnp.zeros(3), "weight": jnp.zeros((2, 3))}
    gradient = {"bias": jnp.array([1.0, -2.0, 0.5]), "weight": jnp.array([[1.0, -1.0, 3.0]] * 2)}
    expected = 0.9 * 0.1 / (1 - 0.9**2) + 0.1 / (1 - 0.9)
    for name, step in first_step(params, gradient).items():
        np.testing.assert_allclose(step, -RATE * expected * np.sign(gradient[name]), rtol=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 60])
def test_rates_rise_to_the_peak_and_fall_and_no_step_is_wasted(steps):
    rates = np.array([warmup_cosine(steps, RATE)(step) for step in range(steps)])
    warm = max(1, steps // 20)
    np.testing.assert_allclose(rates[:warm], RATE * np.arange(1, warm + 1) / warm, rtol=1e-5)
    assert (np.diff(rates[warm - 1 :]) < 0).all()
    assert (rates > 0).all()
    assert rates[-1] < RATE / 100 or steps < 60
