"""The operator A u = sum_j c_ij (u_i - u_j), written out as a matrix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.conductances import apply, conductances


@pytest.mark.parametrize("centring", ["nodes", "cells"])
@pytest.mark.parametrize("faces", ["arithmetic", "harmonic"])
def test_the_operator_is_symmetric_positive_definite_with_an_inverse_of_positive_entries(faces, centring):
    """To the last bit symmetric; an M-matrix, which is the discrete maximum principle."""
    shape = (9, 8) if centring == "nodes" else (7, 6)
    a = np.exp(2 * np.random.default_rng(0).normal(size=shape))
    with jax.enable_x64(True):
        c = conductances(jnp.asarray(a), (0.1, 0.2), faces=faces, centring=centring)
        units = jnp.eye(42).reshape(42, 7, 6)
        matrix = np.asarray(jax.vmap(lambda unit: apply(c, unit))(units)).reshape(42, 42)
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert (matrix[~np.eye(42, dtype=bool)] <= 0).all()
    assert np.linalg.inv(matrix).min() > 0


def test_a_constant_field_has_no_flux_but_to_the_border():
    a = np.exp(np.random.default_rng(0).normal(size=(9, 8)))
    with jax.enable_x64(True):
        c = conductances(jnp.asarray(a), (0.1, 0.2))
        image = np.asarray(apply(c, jnp.ones((7, 6))))
    assert np.abs(image[1:-1, 1:-1]).max() < 1e-12 * image.max()
    assert min(image[0].min(), image[-1].min(), image[:, 0].min(), image[:, -1].min()) > 0
