"""What `predict --polish` writes is checked against the equation, assembled anew from the file."""

import h5py
import numpy as np
import pytest

import pde
from manojax import FNOConfig
from pde.data import datasets
from pde.equations.darcy.polish import polish
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.training.train import train
from tests.command_line import refused, run


@pytest.fixture(scope="module")
def folder(darcy_file, tmp_path_factory):
    out = tmp_path_factory.mktemp("polish") / "run"
    config = TrainingConfig(resolution=9, epochs=2, view=View(informed="upscaled"))
    train(darcy_file, out, model="fno", options=FNOConfig(width=8, depth=1), config=config)
    return out


def residual(a, u):
    """||f - A u|| / ||f|| with f = 1 and arithmetic faces, by differences of fluxes."""
    h = 1 / (len(a) - 1)
    flux_x, flux_y = (
        (a[1:] + a[:-1]) / 2 * np.diff(u, axis=0) / h,
        (a[:, 1:] + a[:, :-1]) / 2 * np.diff(u, axis=1) / h,
    )
    left = 1 + (np.diff(flux_x[:, 1:-1], axis=0) + np.diff(flux_y[1:-1], axis=1)) / h
    return np.sqrt(np.mean(left**2))


@pytest.mark.slow
def test_every_sample_is_certified_by_what_is_written(capsys, darcy_file, folder, tmp_path):
    status, printed, _ = run(capsys, "predict", folder, darcy_file, tmp_path / "out.h5", "--polish", 1e-8)
    assert status == 0
    assert "polished to a relative residual of 1e-08 in" in printed
    with h5py.File(tmp_path / "out.h5") as file:
        a, u, attained = (file[name][...].astype(np.float64) for name in ("coefficient", "solution", "residual"))
        assert file.attrs["polished_to"] == 1e-8
    assert (attained <= 1e-8).all()
    for sample in range(20):
        assert residual(a[sample], u[sample]) == pytest.approx(attained[sample], rel=1e-3)
    true = datasets.open(darcy_file).read_outputs()[..., 0]
    np.testing.assert_allclose(u, true, rtol=0, atol=1e-6 * true.max())


def test_a_good_prediction_takes_fewer_iterations_than_zero(darcy_file, folder):
    """The solution in float32 is nearly there; nothing is gained from a prediction that is zero."""
    data = datasets.open(darcy_file)
    a, u = data.read_inputs(slice(1))[0, ..., 0], data.read_outputs(slice(1))[0, ..., 0]
    good, none = (polish(a, guess, data.grid, 1e-8) for guess in (u, np.zeros_like(u)))
    assert good.iterations < none.iterations


def test_a_polished_file_is_a_data_file(capsys, darcy_file, folder, tmp_path):
    run(capsys, "predict", folder, darcy_file, tmp_path / "out.h5", "--polish", 1e-6)
    data = datasets.open(tmp_path / "out.h5")
    assert data.read_residual().max() <= 1e-6
    surrogate = pde.load(folder)
    assert surrogate.predict(data.read_inputs(slice(1)), data.grid, surrogate.run.grid).shape == (1, 9, 9, 1)


def test_what_cannot_be_polished_is_one_sentence(capsys, darcy_file, folder, tmp_path):
    out = tmp_path / "out.h5"
    assert "--polish 0.0 must be positive" in refused(capsys, "predict", folder, darcy_file, out, "--polish", 0)
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["coefficient"] = np.ones((2, 9, 9))
        file["x"] = file["y"] = np.linspace(0, 1, 9)
    error = refused(capsys, "predict", folder, tmp_path / "plain.h5", out, "--polish", 1e-6)
    assert "--polish needs to know where the border lies; add --domain" in error
    assert not out.exists()
