"""Coarse solves of the published file format are those of the samples that we make by the published procedure."""

from argparse import Namespace

import numpy as np
import pytest
from scipy.io import savemat

from benchmarks.accuracy.coarse_solve import measured, read
from pde.equations.darcy.problem import Darcy
from pde.system.errors import InputError


def test_a_matlab_file_has_the_errors_of_the_samples_in_it(tmp_path):
    law = Darcy(resolution=33, canonical=True)
    made = [(sample["coefficient"], sample["solution"]) for sample in law.samples(0, range(3))]
    coefficients, solutions = (np.stack(fields) for fields in zip(*made, strict=True))
    file = tmp_path / "published.mat"
    savemat(file, {"coeff": coefficients, "sol": solutions})
    samples, grid, settings = read(Namespace(data=file, samples=2))
    assert (len(samples), settings) == (2, {"data": "published.mat"})
    for faces in ("mean", "upscaled"):
        found, expected = (measured(each, grid, 4, faces) for each in (samples, made[:2]))
        assert found["mean"] == pytest.approx(expected["mean"], rel=1e-4)
        low, high = found["interval"]
        assert low <= found["mean"] <= high


def test_a_file_of_phases_is_refused(tmp_path):
    file = tmp_path / "phases.mat"
    savemat(file, {"coeff": np.zeros((1, 9, 9)), "sol": np.ones((1, 9, 9))})
    with pytest.raises(InputError, match="not positive"):
        read(Namespace(data=file, samples=1))
