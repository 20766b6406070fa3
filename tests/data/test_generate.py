import h5py
import jax
import numpy as np
import pytest

from pde.cli import main
from pde.data import datasets
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.system.errors import InputError

LAW = Darcy(resolution=25)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("generation") / "five.h5"
    generate(LAW, path, samples=5, seed=3)
    return path


def test_a_file_holds_what_the_problem_says(file):
    data = datasets.open(file)
    assert data.grid.on_nodes
    assert data.outputs[0].border == "zero"
    coefficient, solution = data.read_inputs()[..., 0], data.read_outputs()[..., 0]
    assert set(np.unique(coefficient)) == {3.0, 12.0}
    for field, solved in zip(coefficient, solution, strict=True):
        np.testing.assert_allclose(solve_darcy(field, data.grid), solved, atol=1e-8)
    assert data.attributes["seed"] == 3


def test_the_attained_residual_of_each_sample_is_stored(file, capsys):
    residual = datasets.open(file).read_residual()
    assert residual.shape == (5,)
    assert residual[2] == LAW.sample(3, 2)["residual"]
    assert residual.min() > 0
    assert residual.max() <= 10 * LAW.tolerance
    assert main(["info", str(file)]) == 0
    assert f"{residual.max():.1e} at most" in capsys.readouterr().out


def test_samples_are_the_same_from_any_start():
    later = list(LAW.samples(3, range(3, 5)))
    for index, sample in zip((3, 4), later, strict=True):
        for name, values in LAW.sample(3, index).items():
            np.testing.assert_array_equal(sample[name], values)


def test_a_sample_has_the_same_bits_whatever_the_number_of_samples(file, tmp_path):
    generate(LAW, tmp_path / "two.h5", samples=2, seed=3)
    two, five = datasets.open(tmp_path / "two.h5"), datasets.open(file)
    np.testing.assert_array_equal(two.read_inputs(), five.read_inputs(slice(2)))
    np.testing.assert_array_equal(two.read_outputs(), five.read_outputs(slice(2)))


def test_a_sample_has_the_same_bits_on_every_device(file):
    with jax.default_device(jax.devices()[3]):
        fields = LAW.sample(3, 1)
    data = datasets.open(file)
    np.testing.assert_array_equal(fields["coefficient"], data.read_inputs(slice(1, 2))[0, ..., 0])
    np.testing.assert_array_equal(fields["solution"].astype(np.float32), data.read_outputs(slice(1, 2))[0, ..., 0])


@pytest.mark.slow
def test_batches_of_an_accelerator_hold_the_same_samples_whatever_their_neighbours(monkeypatch):
    """Four simulated devices, four samples a program."""
    law = Darcy(resolution=9)
    alone = [law.sample(0, index) for index in range(7)]
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr("pde.solvers.side_by_side.BATCH_POINTS", 4 * 9 * 9)
    batched, others = list(law.samples(0, range(7))), list(law.samples(0, range(2, 5)))
    for one, other in zip(alone, batched, strict=True):
        np.testing.assert_array_equal(one["coefficient"], other["coefficient"])
        np.testing.assert_allclose(one["solution"], other["solution"], atol=1e-12)
    for one, other in zip(batched[2:5], others, strict=True):
        np.testing.assert_array_equal(one["solution"], other["solution"])


def test_the_same_command_gives_the_same_file_and_another_seed_another(file, tmp_path):
    generate(LAW, tmp_path / "again.h5", samples=5, seed=3)
    assert (tmp_path / "again.h5").read_bytes() == file.read_bytes()
    generate(LAW, tmp_path / "other.h5", samples=5, seed=4)
    assert (datasets.open(tmp_path / "other.h5").read_inputs() != datasets.open(file).read_inputs()).any()


def test_data_are_contiguous_and_attributes_hold_no_time(file):
    with h5py.File(file) as opened:
        assert opened["coefficient"].chunks is None
        assert opened["solution"].dtype == np.float32
        assert not any("time" in name or "host" in name for name in opened.attrs)


def test_mean_and_maximum_are_those_of_the_published_law():
    """Two-phase 3/12: mean u 0.005 to 0.0065, maximum 0.010 to 0.014 in the mean over samples."""
    solutions = [Darcy(resolution=61).sample(0, index)["solution"] for index in range(40)]
    assert 0.005 < np.mean(solutions) < 0.0065
    assert 0.010 < np.mean([u.max() for u in solutions]) < 0.014


def test_a_sample_that_does_not_converge_is_an_error_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(Darcy, "tolerance", 1e-18)  # beyond float64
    law = Darcy(resolution=23)
    with pytest.raises(ArithmeticError, match="sample 0 did not converge"):
        generate(law, tmp_path / "hard.h5", samples=2, seed=0)
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_left_alone(file):
    before = file.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        generate(LAW, file, samples=1, seed=0)
    assert file.read_bytes() == before


@pytest.mark.parametrize("options", [{"resolution": 2}, {"contrast_low": 0.0}, {"alpha": -1.0}])
def test_laws_that_make_no_sense_are_refused(options):
    with pytest.raises(InputError, match="must be"):
        Darcy(**options)


def test_the_solver_refuses_grids_and_coefficients_that_it_cannot_take(file):
    grid = datasets.open(file).grid
    with pytest.raises(InputError, match="positive"):
        solve_darcy(np.zeros(grid.shape), grid)
    with pytest.raises(InputError, match="nodes"):
        solve_darcy(np.ones((24, 24)), type(grid)((grid.x[:-1], grid.y[:-1]), grid.domain))
