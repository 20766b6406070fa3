"""The code as a user runs it, compiled with the optimisations that `conftest.py` switches off for other tests."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests import as_shipped

OURS = ("JAX_DISABLE_MOST_OPTIMIZATIONS", "JAX_COMPILATION_CACHE_DIR")
"""What the other tests change in the environment of a process: how it compiles, and where it finds programs."""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The numbers of a process of its own, in which nothing is switched off."""
    folder = tmp_path_factory.mktemp("shipped")
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "tests.as_shipped", folder]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr
    with np.load(folder / "numbers.npz") as file:
        return dict(file)


def test_the_solution_has_the_fluxes_of_its_source(shipped):
    """-div(a grad u) = 1 at every inner node and u = 0 on the border, by differences of face fluxes in NumPy."""
    a, u, h = shipped["coefficient"], shipped["solution"], 1 / (as_shipped.RESOLUTION - 1)
    along_x = (a[1:] + a[:-1]) / 2 * np.diff(u, axis=0) / h
    along_y = (a[:, 1:] + a[:, :-1]) / 2 * np.diff(u, axis=1) / h
    source = -(np.diff(along_x[:, 1:-1], axis=0) + np.diff(along_y[1:-1], axis=1)) / h
    np.testing.assert_allclose(source, 1, rtol=0, atol=1e-8)
    assert not np.concatenate([u[0], u[-1], u[:, 0], u[:, -1]]).any()
    assert u[1:-1, 1:-1].min() > 0


def test_values_and_gradients_are_those_of_the_code_that_the_other_tests_see(shipped):
    """The solution, and values and gradients of MANO and FNO, to 1e-5 of the largest of each."""
    assert os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] == "1"
    for name, expected in as_shipped.numbers().items():
        largest = np.abs(expected).max()
        assert largest > 0, name
        np.testing.assert_allclose(shipped[name], expected, rtol=0, atol=1e-5 * largest, err_msg=name)


def test_the_training_learns(shipped):
    assert shipped["losses"][-1] < 0.8 * shipped["losses"][0]
