import h5py
import numpy as np

from pde.data import datasets
from tests.command_line import refused
from tests.data.readers.files import CENTRES_6, CENTRES_8, altered, read
from tests.fixtures import make


def test_pdebench_has_its_own_coordinates_and_keeps_its_attributes():
    data = read("pdebench.hdf5")
    coefficient, solution = make.fields(3, 6, 8)
    np.testing.assert_array_equal(data.read_inputs()[..., 0], coefficient)
    np.testing.assert_array_equal(data.read_outputs(slice(1, 2))[..., 0], solution[1:2])
    np.testing.assert_allclose(data.grid.x, CENTRES_6, rtol=1e-6)
    np.testing.assert_allclose(data.grid.y, CENTRES_8, rtol=1e-6)
    assert data.grid.domain == (0, 1, 0, 1)
    assert data.attributes["beta"] == 0.1


def test_pdebench_on_other_points_declares_no_border(tmp_path):
    path = altered(tmp_path, "pdebench.hdf5", lambda file: file["x-coordinate"].write_direct(np.arange(6.0)))
    data = datasets.open(path)
    assert data.grid.domain is None
    assert data.outputs[0].border == "unknown"


def test_times_are_no_darcy_set_of_pdebench(capsys, tmp_path):
    def many(file):
        del file["tensor"]
        file["tensor"] = np.ones((3, 5, 6, 8))

    assert "tensor has shape (3, 5, 6, 8)" in refused(capsys, "info", altered(tmp_path, "pdebench.hdf5", many))


def test_names_of_pdebench_in_a_file_of_ours_are_more_inputs(tmp_path):
    coefficient, _ = make.fields(3, 6, 6)
    with h5py.File(tmp_path / "ours.h5", "w") as file:
        file["coefficient"] = file["nu"] = file["tensor"] = coefficient
        file["x"] = file["y"] = CENTRES_6
    assert datasets.open(tmp_path / "ours.h5", inputs=("nu", "tensor")).format == "HDF5"
