"""All formats together, each read from a file that was put together by hand from the format's description."""

import h5py
import numpy as np
import pytest
import scipy.io

from pde.cli import main
from pde.data import datasets
from pde.system.errors import InputError
from tests.command_line import refused
from tests.data.readers.files import CENTRES_6, EVERY, FIXTURES, altered, read
from tests.fixtures import make


def test_the_fixtures_are_what_their_script_writes(tmp_path):
    make.make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(EVERY)
    for name in EVERY:
        fresh, kept = datasets.open(tmp_path / name), read(name)
        assert fresh.attributes == kept.attributes
        np.testing.assert_array_equal(fresh.read_inputs(), kept.read_inputs())
        np.testing.assert_array_equal(fresh.read_outputs(), kept.read_outputs())


def test_scipy_and_numpy_write_what_is_read(tmp_path):
    coefficient, solution = make.fields(3, 6, 6)
    scipy.io.savemat(tmp_path / "a.mat", {"coeff": coefficient, "sol": solution}, do_compression=True)
    np.savez_compressed(tmp_path / "b.npz", coefficient=coefficient, solution=solution, x=CENTRES_6, y=CENTRES_6)
    for path in tmp_path.iterdir():
        np.testing.assert_array_equal(datasets.open(path).read_outputs()[..., 0], solution)


@pytest.mark.parametrize("name", EVERY)
def test_the_name_of_a_file_does_not_matter(tmp_path, name):
    (tmp_path / "data").write_bytes((FIXTURES / name).read_bytes())
    assert datasets.open(tmp_path / "data").format == read(name).format


@pytest.mark.parametrize("name", EVERY)
def test_fields_that_are_not_there_are_told(name):
    with pytest.raises(InputError, match=r"no data set 'foo'.*there are: coefficient, solution"):
        datasets.open(FIXTURES / name, inputs=("foo",))


@pytest.mark.parametrize("name", EVERY)
def test_info_says_the_format(capsys, name):
    assert main(["info", str(FIXTURES / name)]) == 0
    printed = capsys.readouterr().out
    assert read(name).format in printed
    assert len(printed.splitlines()) <= 10


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_file_is_one_sentence(capsys, tmp_path, name, kept):
    whole = (FIXTURES / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(kept * len(whole))])
    error = refused(capsys, "info", tmp_path / name)
    assert "truncated" in error
    assert str(tmp_path / name) in error


def without(key):
    return lambda file: file.pop(key)


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [
        ("li_7_3.mat", "coeff", "no array 'coeff'"),
        ("pdebench.hdf5", "nu", "no array 'nu'"),
        ("pdebench.hdf5", "y-coordinate", "no array 'y-coordinate'"),
    ],
)
def test_hdf5_that_lacks_something_is_one_sentence(capsys, tmp_path, name, key, message):
    assert message in refused(capsys, "info", altered(tmp_path, name, without(key)))


COEFFICIENT, SOLUTION = make.fields(3, 6, 6)
AXES = {"x": CENTRES_6, "y": CENTRES_6}


@pytest.mark.parametrize(
    ("write", "arrays", "message"),
    [
        ("matlab_5", {"sol": SOLUTION}, "no array 'coeff'"),
        ("matlab_5", {"coeff": COEFFICIENT[0]}, "coeff has shape (6, 6)"),
        ("matlab_5", {"coeff": COEFFICIENT, "sol": SOLUTION[:2]}, "solution has shape (2, 6, 6)"),
        ("matlab_7", {"coeff": COEFFICIENT[0]}, "coeff has shape (6, 6)"),
        ("torch_zip", {"y": SOLUTION}, "no array 'x'"),
        ("torch_zip", {"x": SOLUTION[0]}, "x has shape (6, 6)"),
        ("torch_zip", {"x": COEFFICIENT, "y": SOLUTION[:, :5].copy()}, "solution has shape (3, 5, 6)"),
        ("npz", {"coefficient": COEFFICIENT}, "no data set 'x'"),
        ("npz", {"solution": SOLUTION} | AXES, "no data set 'coefficient'"),
        ("npz", {"coefficient": COEFFICIENT[0]} | AXES, "coefficient has shape (6, 6)"),
        ("npz", {"coefficient": COEFFICIENT.astype(str)} | AXES, "must be numbers"),
        ("npz", {"coefficient": COEFFICIENT, "domain": ["a"] * 4} | AXES, "must be four numbers"),
        ("npz", {"coefficient": COEFFICIENT.astype(object)} | AXES, "coefficient is no plain array"),
        ("npz", {}, "no data file that can be read"),
    ],
)
def test_arrays_that_are_wrong_are_one_sentence(capsys, tmp_path, write, arrays, message):
    path = tmp_path / "wrong"
    if write == "npz":
        with path.open("wb") as file:
            np.savez(file, **arrays)
    else:
        getattr(make, write)(path, arrays, **({"compressed": False} if write == "matlab_5" else {}))
    assert message in refused(capsys, "info", path)


def test_attributes_become_plain_whatever_they_are(tmp_path):
    attributes = {"when": np.datetime64("2020-01-01"), "who": np.bytes_("me"), "names": np.array([b"a", b"b"])}
    path = altered(
        tmp_path, "pdebench.hdf5", lambda file: file.attrs.update(names=["a", "b"], none=h5py.Empty("f"))
    )
    assert datasets.open(path).attributes["names"] == ("a", "b")
    np.savez(tmp_path / "said.npz", coefficient=COEFFICIENT, **AXES, **attributes)
    said = datasets.open(tmp_path / "said.npz").attributes
    assert said == {"when": "2020-01-01", "who": "me"}
    for name in ("pdebench.hdf5", "said.npz"):
        assert main(["convert", str(tmp_path / name), str(tmp_path / f"{name}.h5")]) == 0
