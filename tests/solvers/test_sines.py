"""The sine transform and the eigenvalues of the five-point scheme, against its matrix."""

import numpy as np
import pytest

from pde.grids.grid import Grid
from pde.solvers.sines import in_sines, laplace_eigenvalues
from pde.system.errors import InputError

GRID = Grid((np.linspace(0, 1, 6), np.linspace(2, 5, 9)), domain=(0.0, 1.0, 2.0, 5.0))


def second_difference(inner, spacing):
    return (2 * np.eye(inner) - np.eye(inner, k=1) - np.eye(inner, k=-1)) / spacing**2


def test_eigenvalues_are_those_of_the_schemes_matrix():
    matrix = np.kron(second_difference(4, 1 / 5), np.eye(7)) + np.kron(np.eye(4), second_difference(7, 3 / 8))
    np.testing.assert_allclose(np.sort(laplace_eigenvalues(GRID).ravel()), np.linalg.eigvalsh(matrix))
    fields = np.random.default_rng(0).normal(size=(3, 4, 7))
    applied = np.einsum("ij,sj->si", matrix, fields.reshape(3, 28)).reshape(3, 4, 7)
    np.testing.assert_allclose(in_sines(applied), laplace_eigenvalues(GRID) * in_sines(fields), atol=1e-12)


def test_the_transform_is_its_own_inverse_keeps_lengths_and_works_in_float64():
    fields = np.random.default_rng(0).normal(size=(3, 4, 7)).astype(np.float32)
    found = in_sines(fields)
    assert found.dtype == np.float64
    np.testing.assert_allclose(in_sines(found), fields, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(found), np.linalg.norm(fields.astype(np.float64)))


def test_a_grid_without_its_borders_has_no_eigenvalues_here():
    centres = (np.arange(4) + 0.5) / 4
    with pytest.raises(InputError, match="equally spaced nodes"):
        laplace_eigenvalues(Grid((centres, centres), domain=(0.0, 1.0, 0.0, 1.0)))
