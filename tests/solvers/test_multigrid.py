"""The preconditioner, as conjugate gradients see it: on the red nodes, written out as a matrix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.conductances import conductances
from pde.solvers.conjugate_gradients import precondition, scaled_system


@pytest.mark.parametrize("shape", [(33, 33), (26, 39)])
@pytest.mark.parametrize("contrast", [12.0, 1e4])
@pytest.mark.slow
def test_the_preconditioner_is_symmetric_and_positive_definite_to_float32(shape, contrast):
    """Two coarsenings deep, odd and even sizes."""
    a = np.where(np.random.default_rng(0).uniform(size=shape) < 0.5, 1.0, contrast)
    with jax.enable_x64(True):
        c = conductances(jnp.asarray(a), (1.0, 1.0))
        scale, _, hierarchy = system = scaled_system(c, jnp.float64)
        red = np.stack([np.asarray(scale[0]), np.asarray(scale[3])]) > 0  # the others stand for no unknown
        places = np.flatnonzero(red)
        units = np.zeros((places.size, red.size))
        units[np.arange(places.size), places] = 1.0

        def column(unit):
            return jnp.stack(precondition(hierarchy, (unit[0], unit[1])))

        columns = jax.jit(jax.vmap(column))(jnp.asarray(units.reshape(-1, *red.shape)))
        assert len(system.hierarchy.levels) >= 2
    matrix = np.asarray(columns).reshape(places.size, red.size)[:, places]
    size = np.abs(matrix).max()
    np.testing.assert_allclose(matrix, matrix.T, rtol=0, atol=1e-5 * size)
    eigenvalues = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    assert eigenvalues.min() > 0.9  # 1 + K (1 + P C P^T K), both terms of which are not negative
