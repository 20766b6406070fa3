from pathlib import Path

import h5py
import numpy as np
import pytest

from pde.data import datasets
from pde.system.errors import InputError


def write(path, change=None, samples=4, shape=(9, 5), **attributes):
    """A file of someone's own arrays, with one thing changed."""
    generator = np.random.default_rng(0)
    arrays = {
        "coefficient": generator.uniform(1, 2, (samples, *shape)),
        "solution": generator.uniform(1, 2, (samples, *shape)),
        "x": np.linspace(0, 1, shape[0]),
        "y": np.linspace(0, 0.5, shape[1]),
    } | (change or {})
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            if array is not None:
                file[name] = array
        file.attrs.update(attributes)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.h5"


def test_the_first_samples_of_a_file_are_a_data_set_like_any_other(path):
    write(path)
    data = datasets.open(path).first(2)
    again = data.with_fields(("coefficient",))
    assert again.samples == 2
    assert again.sampled == ["coefficient", "solution"]
    np.testing.assert_array_equal(again.read_inputs(), datasets.open(path).read_inputs(slice(2)))


def test_a_file_from_elsewhere_is_read_strided_and_in_parts(path):
    write(path)
    data = datasets.open(path)
    with h5py.File(path) as file:
        expected = file["solution"][1:3, ::2, ::2].astype(np.float32)
    np.testing.assert_array_equal(data.read_outputs(slice(1, 3), 2)[..., 0], expected)
    assert data.read_inputs().shape == (4, 9, 5, 1)
    assert data.outputs[0].border == "unknown"


def test_flags_say_what_the_file_does_not(path):
    write(path)
    data = datasets.open(path, boundary="zero", domain=(0.0, 1.0, 0.0, 0.5))
    assert data.grid.on_nodes
    assert data.outputs[0].border == "zero"


def test_flags_must_not_contradict_the_file(path):
    write(path, boundary="zero", domain=(0.0, 1.0, 0.0, 0.5))
    with pytest.raises(InputError, match="leave --domain out"):
        datasets.open(path, domain=(0.0, 2.0, 0.0, 0.5))


def test_more_inputs_are_more_channels(path):
    source = np.full((4, 9, 5), 7.0)
    write(path, {"source": source})
    inputs = datasets.open(path, inputs=("coefficient", "source")).read_inputs()
    assert inputs.shape == (4, 9, 5, 2)
    assert (inputs[..., 1] == 7).all()


def test_a_solution_of_another_name_is_to_be_renamed(path):
    write(path, {"solution": None, "u": np.ones((4, 9, 5))})
    with pytest.raises(InputError, match=r"no data set 'solution'; give .* that name \(there are: coefficient, u"):
        datasets.open(path).read_outputs()


def test_integers_and_booleans_are_fields_too(path):
    write(path, {"coefficient": np.ones((4, 9, 5), bool)})
    assert datasets.open(path).read_inputs().dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coefficient": None}, "no data set 'coefficient'"),
        ({"x": None}, "no data set 'x'"),
        ({"solution": np.ones((4, 9, 6))}, r"solution has shape \(4, 9, 6\)"),
        ({"coefficient": np.ones((4, 9))}, "must be"),
        ({"coefficient": np.ones((0, 9, 5)), "solution": None}, "holds no samples"),
        ({"coefficient": np.ones((4, 9, 5, 7))}, r"must be \(samples, x, y\).*one value a point.*--inputs"),
        ({"solution": np.ones((4, 9, 5, 2))}, "an output must be.*name them all by --outputs"),
        ({"coefficient": np.full((4, 9, 5), b"a")}, "must be numbers"),
        ({"y": np.linspace(1, 0, 5)}, "coordinate y"),
        ({"x": np.linspace(0, 1, 8)}, r"x has shape \(8,\)"),
    ],
)
def test_files_that_lack_something_are_refused_by_name(path, change, message):
    write(path, change)
    with pytest.raises(InputError, match=message) as refusal:
        datasets.open(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_a_value_that_is_not_finite_is_named(path, bad):
    coefficient = np.ones((4, 9, 5))
    coefficient[2, 3, 3] = bad
    write(path, {"coefficient": coefficient})
    with pytest.raises(InputError, match="coefficient 2 holds NaN or infinity"):
        datasets.open(path).read_inputs()


def test_a_solution_of_zeros_has_no_relative_error(path):
    solution = np.ones((4, 9, 5))
    solution[3] = 0
    write(path, {"solution": solution})
    with pytest.raises(InputError, match="solution 3 is zero everywhere"):
        datasets.open(path).read_outputs(slice(2, None))


@pytest.mark.parametrize("domain", [1.0, "unit", (0.0, 1.0)])
def test_a_domain_that_is_not_four_numbers_is_refused(path, domain):
    write(path, domain=domain)
    with pytest.raises(InputError, match="four numbers"):
        datasets.open(path)


def test_no_file_no_hdf5_and_truncated_files_are_refused(path):
    with pytest.raises(InputError, match="no such file"):
        datasets.open(path)
    path.write_text("not HDF5")
    with pytest.raises(InputError, match="no data file that can be read"):
        datasets.open(path)
    path.unlink()
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="truncated"):
        datasets.open(path)


def test_a_solution_that_is_not_zero_on_a_zero_border_is_refused(path):
    write(path, boundary="zero", domain=(0.0, 1.0, 0.0, 0.5))
    data = datasets.open(path)
    with pytest.raises(InputError, match=r"solution 2 is .* on the border.*leave --boundary zero out"):
        data.read_outputs(slice(2, 4), 2)
    solution = np.full((4, 9, 5), 1e-4)
    solution[:, 1:-1, 1:-1] = 1
    write(path, {"solution": solution}, boundary="zero", domain=(0.0, 1.0, 0.0, 0.5))
    assert datasets.open(path).read_outputs().shape == (4, 9, 5, 1)


@pytest.mark.parametrize(("row", "refused"), [(0, True), (-1, False)])
def test_a_zero_border_is_checked_roughly_where_only_some_borders_hold_points(path, row, refused):
    """The first row lies on the border, the last is half a spacing inside."""
    solution = np.zeros((4, 9, 5))
    solution[:, 1:-1, 1:-1] = 1
    solution[2, 0, 2] = 0.4  # as far off as a published set is
    solution[3, row, 1:-1] = 1
    write(path, {"solution": solution}, boundary="zero", domain=(0.0, 1.0625, 0.0, 0.5))
    data = datasets.open(path)
    if refused:
        with pytest.raises(InputError, match="solution 3 is 1 on the border"):
            data.read_outputs()
    else:
        assert data.read_outputs().shape == (4, 9, 5, 1)


def test_a_device_is_no_data_file():
    with pytest.raises(InputError, match="folder or a device"):
        datasets.open(Path("/dev/null"))
