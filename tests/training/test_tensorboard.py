"""Event files say what metrics.jsonl says, once, whatever was interrupted."""

import json
import struct
import sys

import pytest

from pde.runs.run import Run
from pde.surrogates.surrogate import Surrogate
from pde.training.engine.optimisers import warmup_cosine
from tests.command_line import TINY, refused, run
from tests.small_runs import interrupted_after

pytestmark = pytest.mark.slow

FLAGS = (*TINY, "--epochs", 3, "--batch-size", 6)  # three steps an epoch
STEPS = 3


def scalars(folder):
    """{(name, step): values} of all event files: records of a length, its checksum, an event, its checksum."""
    event = pytest.importorskip("tensorboardX.proto.event_pb2")
    found = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            each = event.Event.FromString(data[at + 12 : at + 12 + length])
            for value in each.summary.value:
                found.setdefault((value.tag, each.step), []).append(value.simple_value)
            at += 12 + length + 4
    return found


def assert_events_say_what_metrics_say(board, out):
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    expected = {}
    rate = warmup_cosine(3 * STEPS, Run.open(out).training.learning_rate)
    for line in lines:
        step = line["epoch"] * STEPS
        expected |= {(f"validation/{name}", step): [each] for name, each in line.pop("validation").items()}
        expected |= {(name, step): [each] for name, each in line.items()}
        expected["learning_rate", step] = [float(rate(step - 1))]
    found = scalars(board / out.name)
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key], rel=1e-6) for key in found)
    return len(lines)


def test_every_epoch_is_there_once_through_an_interrupt(capsys, darcy_file, tmp_path, monkeypatch):
    pytest.importorskip("tensorboardX")
    out, board = tmp_path / "run", tmp_path / "board"
    call = ("train", darcy_file, "--out", out, "--tensorboard", board)
    with monkeypatch.context() as patch:
        patch.setattr(Surrogate, "sample_errors", interrupted_after(2))
        assert run(capsys, *call, "--model", "fno", *FLAGS)[0] == 130
    assert assert_events_say_what_metrics_say(board, out) == 2
    (board / out.name / "events.out.tfevents.1.of-another").write_bytes(b"")
    assert run(capsys, *call, "--resume")[0] == 0
    assert assert_events_say_what_metrics_say(board, out) == 3
    assert len(list((board / out.name).iterdir())) == 2


def test_a_run_that_has_ended_is_shown_too(capsys, folder, darcy_file, tmp_path):
    pytest.importorskip("tensorboardX")
    call = ("train", darcy_file, "--out", folder / "run", "--resume", "--tensorboard", tmp_path / "board")
    assert run(capsys, *call)[0] == 0
    assert ("train_loss", 1) in scalars(tmp_path / "board" / "run")


def test_without_the_package_or_a_folder_it_is_one_sentence_and_nothing_is_trained(
    capsys, darcy_file, tmp_path, monkeypatch
):
    file = tmp_path / "file"
    file.write_text("")
    call = ("train", darcy_file, "--model", "fno", "--out", tmp_path / "run", *TINY, "--tensorboard")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "tensorboardX", None)
        assert "pip install 'manojax[tensorboard]'" in refused(capsys, *call, tmp_path / "board")
    pytest.importorskip("tensorboardX")
    assert "can be written to" in refused(capsys, *call, file / "board")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
