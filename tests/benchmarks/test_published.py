"""Settings of published tables: in small they run from their command lines, at full size their models fit."""

import json
import runpy
import shutil
import sys
from importlib import import_module
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import manojax
from pde.grids.symmetries import generators, group

PUBLISHED = Path(__file__).parents[2] / "benchmarks" / "published"
SETTINGS = sorted(path.stem for path in PUBLISHED.glob("darcy_*.py"))
MODELS = ("mano", "fno", "vit")


@pytest.fixture
def run_small(monkeypatch):
    """One setting's command line, for a moment of it; all numbers it found."""

    def command(setting, model, folder):
        script = str(PUBLISHED / f"{setting}.py")
        monkeypatch.setattr(sys, "argv", [script, "--model", model, "--folder", str(folder), "--small"])
        runpy.run_path(script, run_name="__main__")
        device = jax.devices()[0].device_kind
        return json.loads((folder / f"small-{setting}-{model}-seed-0-{device}.json").read_text())

    return command


@pytest.mark.slow
def test_a_stopped_command_goes_on_when_it_is_given_again(run_small, monkeypatch, tmp_path, capsys):
    """Data, a trained model and its table; stopped before the table, and its data lost, it is the same run still.

    On the file's own grid the solver repeats what made the file, so its errors vanish.
    """

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("benchmarks.published.runner.evaluate", stop)
        with pytest.raises(SystemExit) as end:
            run_small("darcy_421", "vit", tmp_path)
    assert end.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err
    history = (tmp_path / "small-darcy_421-vit-seed-0" / "metrics.jsonl").read_text()
    (train,) = tmp_path.glob("*train.h5")
    made = train.read_bytes()
    train.unlink()

    found = run_small("darcy_421", "vit", tmp_path)
    assert train.read_bytes() == made
    assert (tmp_path / "small-darcy_421-vit-seed-0" / "metrics.jsonl").read_text() == history
    assert found["training_seconds"] == json.loads(history)["seconds"]
    (row,), (solved,) = found["model"]["rows"], found["coarse"]["rows"]
    assert row["shape"] == solved["shape"] == [17, 17]
    assert solved["arithmetic"]["relative_l2"] < 1e-6 < row["direct"]["relative_l2"]


def test_a_published_set_that_is_missing_is_asked_for_in_one_sentence(run_small, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run_small("darcy_16", "fno", tmp_path)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert "darcy_neuralop_train_16.h5 is missing" in error
    assert error.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_model_of_every_setting_gets_to_its_table(run_small, tmp_path, darcy_file, setting, model):
    for part in ("train", "test"):
        shutil.copy(darcy_file, tmp_path / f"darcy_neuralop_{part}_16.h5")
    found = run_small(setting, model, tmp_path)
    assert found["model"]["model"] == model
    assert found["model"]["rows"][0]["shape"] == [17, 17]
    assert 0 < found["model"]["rows"][0]["direct"]["relative_l2"] < 2
    assert {"rows", "left_out"} & found["coarse"].keys()


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", SETTINGS)
def test_at_full_size_the_models_fit_grids_that_the_data_have_with_all_symmetries(name, model):
    """Traced, not run: a setting that cannot begin would be found out only on the hardware it is for."""
    setting = import_module(f"benchmarks.published.{name}").SETTING
    shape = (16, 16)
    if setting.data.problem is not None:
        fine = setting.data.problem.grid
        grid = fine.strided(fine.stride_to(setting.training.resolution or len(fine.x)))
        shape = grid.shape
        assert len(group(generators(grid))) == 8
    options = vars(setting.models[model].for_grid(shape))

    def predict(fields):
        return manojax.create(model, **options, rngs=nnx.Rngs(0))(fields)

    batch = setting.training.batch_size
    predicted = jax.eval_shape(predict, jax.ShapeDtypeStruct((batch, *shape, 1), jnp.float32))
    assert predicted.shape == (batch, *shape, 1)
