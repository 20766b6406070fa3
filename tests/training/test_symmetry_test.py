"""Which symmetries samples are found to have, and what errors of a trained model say of them."""

import dataclasses
import shutil

import h5py
import numpy as np
import pytest

import pde
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.runs.run import Run
from pde.training import symmetry_test as invariance
from pde.training.prepare import prepare
from pde.training.rejected_symmetries import record_rejected
from pde.training.samples import Samples
from pde.training.symmetry_test import FEWEST_SAMPLES, Seen, invariant, is_invariant
from tests.small_runs import CONFIG, FNO

ALL = ("flip-x", "flip-y", "transpose")


def noise(samples, channels=2):
    return np.random.default_rng(0).normal(size=(samples, 9, 9, channels)).astype(np.float32)


@pytest.fixture(scope="module")
def file_of_100(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "darcy.h5"
    generate(Darcy(resolution=9), path, samples=FEWEST_SAMPLES, seed=0)
    return path


def fields(path):
    data = pde.data.datasets.open(path)
    return np.concatenate([data.read_inputs(), data.read_outputs()], axis=-1)


def test_darcy_samples_on_a_square_have_all(file_of_100):
    assert invariant([fields(file_of_100)], ALL) == ALL


def test_a_coefficient_longer_along_one_axis_has_flips_alone(tmp_path):
    generate(Darcy(resolution=9, lengths=(1.0, 0.25)), tmp_path / "a.h5", samples=FEWEST_SAMPLES, seed=0)
    assert invariant([fields(tmp_path / "a.h5")], ALL) == ("flip-x", "flip-y")


def test_a_preferred_direction_of_the_map_alone_is_found():
    """White noise on either side of a derivative along x: no field has a mean or a variance that tells."""
    inputs = noise(200, 1)
    solution = np.roll(inputs, 1, axis=1) - np.roll(inputs, -1, axis=1)
    assert invariant([np.concatenate([inputs, solution], axis=-1)], ALL) == ("flip-y",)


def test_a_transpose_found_beside_one_flip_is_chance(monkeypatch):
    """It makes the other flip of this one."""
    monkeypatch.setattr(invariance, "is_invariant", lambda seen, name: name != "flip-y")
    assert invariant([noise(FEWEST_SAMPLES)], ALL) == ("flip-x",)


def test_the_test_is_exact():
    """Of hypotheses that hold, one in a thousand is rejected: of 200, more than three in one case in 10^5."""
    rejected = sum(
        not is_invariant(
            Seen.of([np.random.default_rng(seed).normal(size=(12, 3, 3, 1)).astype(np.float32)], ("flip-x",)),
            "flip-x",
        )
        for seed in range(200)
    )
    assert rejected <= 3


def test_few_samples_cannot_tell():
    assert invariant([noise(FEWEST_SAMPLES - 1)], ALL) == ()
    assert invariant([noise(FEWEST_SAMPLES)], ALL) == ALL


def test_training_asks_the_samples_where_the_grid_has_symmetries(file_of_100, tmp_path):
    with h5py.File(file_of_100) as source, h5py.File(tmp_path / "tilted.h5", "w") as file:
        for name in ("coefficient", "solution", "x", "y"):
            source.copy(name, file)
        file["solution"][...] *= 1 + file["x"][()][:, None]
        file.attrs.update(boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))
    config = dataclasses.replace(CONFIG, resolution=None, validation="none")
    for path, found in ((file_of_100, ALL), (tmp_path / "tilted.h5", ("flip-y",))):
        assert prepare(path, "fno", FNO, config)[0].symmetries == found
        assert prepare(path, "fno", FNO, dataclasses.replace(config, symmetries="none"))[0].symmetries == ()
        assert prepare(path, "fno", FNO, dataclasses.replace(config, symmetries="all"))[0].symmetries == ALL


@pytest.mark.parametrize(("tilt", "rejected"), [(0.0, ()), (0.02, ("flip-x", "transpose"))])
def test_errors_show_an_asymmetry_that_samples_do_not(under_symmetries, file_of_100, tmp_path, tilt, rejected):
    out = shutil.copytree(under_symmetries, tmp_path / "run")
    symmetric = pde.load(out, symmetric=True)
    grid, inputs = symmetric.run.grid, fields(file_of_100)[..., :1]
    true = symmetric.predict_seen(inputs) * (1 + 0.01 * noise(len(inputs), 1))
    true *= 1 + tilt * grid.x.astype(np.float32)[:, None, None]
    assert invariant([np.concatenate([inputs, true], axis=-1)], ALL) == ALL
    record_rejected(
        out,
        Samples(
            out, grid, 100, (*grid.shape, 1), 1, (slice(0, 100),), lambda chosen: (inputs[chosen], true[chosen])
        ),
    )
    assert Run.open(out).rejected == rejected
