"""Whatever is read can be rewritten as our own file, and is then the same data."""

import h5py
import numpy as np
import pytest

from pde.cli import main
from pde.data import datasets
from tests.command_line import refused
from tests.data.readers.files import EVERY, FIXTURES


def convert(source, out, *flags):
    assert main(["convert", str(source), str(out), *map(str, flags)]) == 0
    return datasets.open(out)


@pytest.mark.parametrize("name", EVERY)
def test_every_format_becomes_ours_with_nothing_changed(tmp_path, name):
    source, ours = datasets.open(FIXTURES / name), convert(FIXTURES / name, tmp_path / "ours.h5")
    np.testing.assert_array_equal(ours.read_inputs(), source.read_inputs())
    np.testing.assert_array_equal(ours.read_outputs(), source.read_outputs())
    assert ours.grid.to_json() == source.grid.to_json()
    assert ours.attributes["source_format"] == source.format
    assert source.attributes.items() <= ours.attributes.items()
    with h5py.File(tmp_path / "ours.h5") as file:
        assert file["coefficient"].dtype == np.float32
        assert file["coefficient"].chunks is None


def test_our_own_keep_all_inputs_and_the_format_they_first_had(tmp_path):
    convert(FIXTURES / "arrays.npz", tmp_path / "once.h5")
    with h5py.File(tmp_path / "once.h5", "r+") as file:
        file["residual"] = np.ones(3)  # a number a sample is no field
    twice = convert(tmp_path / "once.h5", tmp_path / "twice.h5")
    assert set(twice.fields) == {"coefficient", "solution", "source", "x", "y"}
    assert twice.attributes["source_format"] == ".npz"
    np.testing.assert_array_equal(twice.read("source"), -twice.read("coefficient"))


def test_flags_say_what_the_file_does_not(tmp_path):
    arrays = {"coefficient": np.ones((2, 4, 4)), "x": np.arange(4.0), "y": np.arange(4.0), "boundary": "unknown"}
    np.savez(tmp_path / "plain.npz", **arrays)
    ours = convert(tmp_path / "plain.npz", tmp_path / "a.h5", "--boundary", "zero", "--domain", 0, 3, 0, 3)
    assert ours.grid.on_nodes
    assert ours.outputs[0].border == "zero"


def test_many_blocks_are_the_same_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr("pde.data.data_file.BLOCK_BYTES", 1)
    ours = convert(FIXTURES / "li_7_3.mat", tmp_path / "ours.h5")
    assert len(ours.blocks()) == 3
    np.testing.assert_array_equal(ours.read_inputs(), datasets.open(FIXTURES / "li_5.mat").read_inputs())


def test_nothing_is_overwritten_and_nothing_is_left_behind(capsys, tmp_path):
    coefficient = np.ones((2, 4, 4))
    coefficient[1, 2, 2] = np.nan
    np.savez(tmp_path / "bad.npz", coefficient=coefficient, x=np.arange(4), y=np.arange(4))
    assert "coefficient 1 holds NaN" in refused(capsys, "convert", tmp_path / "bad.npz", tmp_path / "out.h5")
    assert "exists already" in refused(capsys, "convert", FIXTURES / "li_5.mat", tmp_path / "bad.npz")
    nowhere = tmp_path / "nowhere" / "out.h5"
    assert "cannot be written" in refused(capsys, "convert", FIXTURES / "li_5.mat", nowhere)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.npz"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run trained on tensors as neuraloperator saves them."""
    out = tmp_path_factory.mktemp("formats")
    flags = ("--epochs", "1", "--width", "4", "--depth", "1", "--validation", "none")
    assert (
        main(["train", str(FIXTURES / "neuraloperator.pt"), "--model", "fno", "--out", str(out / "run"), *flags])
        == 0
    )
    return out


@pytest.mark.slow
def test_a_run_resumes_on_the_same_data_in_another_format(folder):
    convert(FIXTURES / "neuraloperator.pt", folder / "ours.h5")
    assert main(["train", str(folder / "ours.h5"), "--out", str(folder / "run"), "--resume"]) == 0


@pytest.mark.parametrize("name", EVERY)
def test_every_format_is_evaluated_and_predicted(capsys, folder, tmp_path, name):
    assert main(["evaluate", str(folder / "run"), str(FIXTURES / name)]) == 0
    assert "fno" in capsys.readouterr().out
    assert main(["predict", str(folder / "run"), str(FIXTURES / name), str(tmp_path / "out.h5")]) == 0
    assert datasets.open(tmp_path / "out.h5").samples == datasets.open(FIXTURES / name).samples
