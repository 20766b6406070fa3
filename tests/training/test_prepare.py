"""What is checked, and fitted, before the first step."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

import pde
from manojax import FNOConfig, MANOConfig
from pde.runs.config import TrainingConfig
from pde.runs.run import Run
from pde.system.errors import InputError
from pde.training.engine.devices import Division
from pde.training.prepare import prepare
from tests.small_runs import history, start


@pytest.mark.slow
def test_normalisers_come_from_the_training_part_alone(darcy_file, tmp_path):
    """Held-out samples made a thousand times larger change nothing but the validation error."""
    changed = tmp_path / "changed.h5"
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["coefficient"][-2:] *= 1000
        file["solution"][-2:] *= 1000
    one, other = (Run.open(start(path, tmp_path / path.stem)) for path in (darcy_file, changed))
    assert one.normalisation == other.normalisation


@pytest.mark.slow
def test_defaults_follow_data_and_grid(darcy_file, tmp_path):
    out = start(
        darcy_file, tmp_path / "run", FNOConfig(width=4, depth=1), resolution=None, validation=str(darcy_file)
    )
    run = Run.open(out)
    assert run.grid.shape == (17, 17)
    assert run.options.modes == (9, 9)
    assert run.samples == 20


@pytest.mark.slow
def test_the_unit_of_length_changes_nothing_for_the_model(darcy_file, tmp_path):
    """The same data in millimetres: coordinates are seen in units of the domain."""
    changed = tmp_path / "millimetres.h5"
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["x"][...] *= 1024
        file["y"][...] *= 1024
        file.attrs["domain"] = file.attrs["domain"] * 1024
    metres, millimetres = (history(start(path, tmp_path / path.stem)) for path in (darcy_file, changed))
    assert [line["train_loss"] for line in metres] == [line["train_loss"] for line in millimetres]


@pytest.mark.parametrize(("devices", "pieces"), [(1, 2), (2, 1)])
def test_the_samples_of_each_device_are_divided_into_pieces_by_default(devices, pieces):
    """Ten samples of 41 x 41 points are more than ten thousand points, five are fewer."""
    axis, fields = np.linspace(0, 1, 41), np.random.default_rng(0).uniform(1, 2, (2, 10, 41, 41))
    data = pde.Dataset(coefficient=fields[0], solution=fields[1], x=axis, y=axis, boundary="unknown")
    config = TrainingConfig(validation="none", symmetries="none")
    for given, expected in ((None, pieces), (5, 5)):
        training = replace(config, accumulate=given)
        run, _ = prepare(data, "fno", FNOConfig(width=4, depth=1, modes=(3, 3)), training, Division(devices))
        assert run.training.accumulate == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": 8}, "darcy.h5: .* choose one of 3 5 9 17"),
        ({"resolution": 0}, "resolution 0"),
        ({"resolutions": (9, 8)}, "resolution 8"),
        ({"inputs": ("coefficient", "coefficient")}, "--inputs"),
        ({"inputs": ("solution",)}, "--inputs solution"),
        ({"train_samples": 21}, "has 20 samples"),
        ({"epochs": 0}, "--epochs 0"),
        ({"batch_size": -1}, "--batch-size -1"),
        ({"accumulate": 0}, "--accumulate 0"),
        ({"batch_size": 6, "accumulate": 4}, "--accumulate 4 does not divide a batch of 6"),
        ({"learning_rate": float("nan")}, "--learning-rate nan"),
        ({"seed": -1}, "--seed -1"),
        ({"weight_decay": -1.0}, "--weight-decay"),
        ({"validation": "nowhere.h5"}, "nowhere.h5: no such file"),
        ({"train_samples": 1}, "give --validation none"),
    ],
)
def test_configurations_that_do_not_fit_write_nothing(darcy_file, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        start(darcy_file, tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_modes_and_heads_that_do_not_fit_write_nothing(darcy_file, tmp_path):
    for options in (FNOConfig(modes=(6, 6)), MANOConfig(width=8, heads=3)):
        with pytest.raises(InputError, match=r"at most 5 5|heads 3"):
            start(darcy_file, tmp_path / "run", options)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_mixed_grids_are_held_at_the_finest(darcy_file, tmp_path):
    out = start(darcy_file, tmp_path / "run", resolution=None, resolutions=(9, 17, 5), epochs=1)
    assert Run.open(out).grid.shape == (17, 17)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [({"boundary": "zero", "domain": (0.0, 1.0, 0.0, 1.0)}, "the grid has none"), ({}, "add --domain")],
)
def test_a_grid_without_symmetries_refuses_them(tmp_path, attributes, message):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["coefficient"] = file["solution"] = np.ones((4, 8, 6))
        file["x"], file["y"] = np.arange(8) / 8, np.arange(6) / 6
        file.attrs.update(attributes)
    with pytest.raises(InputError, match=f"--symmetries all: .*{message}"):
        start(tmp_path / "data.h5", tmp_path / "run", resolution=None, symmetries="all")


def test_a_model_that_there_is_not_is_refused(darcy_file, tmp_path):
    with pytest.raises(InputError, match=r"--model: no model is named 'fnoo'.*did you mean fno\?"):
        pde.train(darcy_file, tmp_path / "run", model="fnoo")
