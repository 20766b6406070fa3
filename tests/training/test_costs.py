"""The seconds of a training and of its data, as its run records them."""

import pytest

import pde
from pde.data.cost import cost_of, record_of
from pde.runs.run import Run, seconds_of
from pde.system.machine import cores, processor
from pde.training.train import resume
from tests.small_runs import start, start_and_interrupt


@pytest.mark.slow
def test_a_run_records_what_it_and_the_samples_it_used_took(darcy_file, tmp_path):
    other = tmp_path / "other.h5"
    pde.generate(pde.Darcy(resolution=17), other, samples=3, seed=7)
    out = start(darcy_file, tmp_path / "run", train_samples=10, validation=str(other), epochs=2)
    recorded = pde.load(out).run
    expected = cost_of(darcy_file).seconds(20) / 2 + cost_of(other).seconds(3)
    assert recorded.data_seconds == pytest.approx(expected)
    assert recorded.training_seconds == pytest.approx(sum(line["seconds"] for line in pde.history(out)))
    assert (recorded.cores, recorded.processor) == (cores(), processor())


def test_samples_held_out_of_a_file_are_counted_once(darcy_file, undisturbed):
    assert pde.load(undisturbed).run.data_seconds == pytest.approx(cost_of(darcy_file).seconds(20))


def test_a_damaged_record_spoils_no_training_and_a_mended_one_is_read_on_resuming(darcy_file, tmp_path, capsys):
    data = tmp_path / "data.h5"
    data.write_bytes(darcy_file.read_bytes())
    record_of(data).write_text("{")
    out = start(data, tmp_path / "run", epochs=1)
    assert "the cost of the data is not known" in capsys.readouterr().err
    assert pde.load(out).run.data_seconds is None
    record_of(data).write_text(record_of(darcy_file).read_text())
    assert resume(data, out).run.data_seconds == pytest.approx(cost_of(data).seconds(20))
    record_of(data).unlink()
    assert resume(data, out).run.data_seconds is not None


@pytest.mark.slow
def test_an_interrupted_run_adds_up_its_sessions(darcy_file, tmp_path, monkeypatch):
    start_and_interrupt(darcy_file, tmp_path / "run", monkeypatch, 1, epochs=2)
    [first] = pde.history(tmp_path / "run")
    assert Run.open(tmp_path / "run").training_seconds is None
    recorded = resume(darcy_file, tmp_path / "run").run
    assert recorded.training_seconds > first["seconds"]
    assert recorded.training_seconds == pytest.approx(seconds_of(tmp_path / "run"))
