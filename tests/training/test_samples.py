"""A run that reads its samples when they are needed is the run that has them in memory."""

import json

import h5py
import pytest

from pde.system.errors import InputError
from pde.training import prepare as preparation
from pde.training.train import resume
from tests.cases import slow
from tests.small_runs import history, start, start_and_interrupt


def story(out):
    """Of a run: losses, errors and description but for times, and where the samples were."""
    description = json.loads((out / "run.json").read_text())
    description["training"].pop("stream")
    description.pop("training_seconds")
    return description, [{**line, "seconds": 0} for line in history(out)]


@pytest.mark.parametrize(
    "changes",
    [{}, slow({"resolutions": (5, 9)})],
    ids=str,
)
def test_a_streamed_run_has_the_bits_of_one_from_memory(darcy_file, tmp_path, changes):
    outs = [start(darcy_file, tmp_path / str(stream), stream=stream, **changes) for stream in (True, False)]
    assert story(outs[0]) == story(outs[1])


@pytest.mark.slow
def test_a_streamed_run_that_sees_what_is_computed_of_samples_is_the_same_to_rounding(darcy_file, tmp_path):
    """Other samples are in one computation."""
    seen = {"restriction": "means", "informed": "upscaled"}
    outs = [start(darcy_file, tmp_path / str(stream), stream=stream, **seen) for stream in (True, False)]
    streamed, kept = ([line["train_loss"] for line in history(out)] for out in outs)
    assert streamed == pytest.approx(kept, rel=1e-4)


@pytest.mark.slow
def test_a_streamed_run_resumes_to_the_bit(darcy_file, undisturbed, tmp_path, monkeypatch):
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 2, stream=True)
    resume(darcy_file, tmp_path / "run")
    assert story(tmp_path / "run") == story(undisturbed)


@pytest.mark.slow
def test_a_streamed_run_keeps_no_samples(darcy_file, tmp_path, monkeypatch):
    def refused(part):
        raise AssertionError("kept in memory")

    monkeypatch.setattr(preparation, "kept", refused)
    start(darcy_file, tmp_path / "run", stream=True, epochs=1)
    with pytest.raises(AssertionError, match="kept in memory"):
        start(darcy_file, tmp_path / "other", epochs=1)


def test_a_sample_with_nan_is_named_before_training_begins(darcy_file, tmp_path):
    bad = tmp_path / "bad.h5"
    bad.write_bytes(darcy_file.read_bytes())
    with h5py.File(bad, "r+") as file:
        file["coefficient"][3, 4, 4] = float("nan")
    with pytest.raises(InputError, match="coefficient 3 holds NaN"):
        start(bad, tmp_path / "run", stream=True)
    assert not (tmp_path / "run").exists()
