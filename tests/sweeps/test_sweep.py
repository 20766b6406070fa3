"""A sweep: the numbers of its table, and what it does a second time."""

import json

import numpy as np
import pytest

from pde.sweeps import sweep as sweeping
from tests.command_line import refused, run

pytestmark = pytest.mark.slow

SMALL = ("--resolution", 9, "--epochs", 1)
GIVEN = ("--models", "fno", "--widths", 8, "--seeds", 0, 1, *SMALL)


@pytest.fixture(scope="module")
def swept(darcy_file, tmp_path_factory):
    """The folder of a sweep that was interrupted after one run, and gone on with by the same command."""
    from pde.cli import main

    out = tmp_path_factory.mktemp("sweep") / "out"
    command = [str(each) for each in ("sweep", darcy_file, darcy_file, "--out", out, *GIVEN)]
    train = sweeping.train

    def interrupted(data, folder, **given):
        if len(list(out.glob("fno-*"))) == 1:
            raise KeyboardInterrupt
        train(data, folder, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "train", interrupted)
        assert main(command) == 130
    assert not (out / "sweep.json").exists()
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/manifest.json")}
    assert len(before) == 1
    assert main(command) == 0
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())
    return out


def test_the_table_holds_means_and_deviations_of_what_evaluate_finds(swept, darcy_file, capsys, tmp_path):
    found = json.loads((swept / "sweep.json").read_text())
    assert [(row["model"], row["width"]) for row in found["rows"]] == [("fno", 8)]
    row = found["rows"][0]
    assert [each["seed"] for each in row["runs"]] == [0, 1]
    errors = []
    for seed in (0, 1):
        numbers = tmp_path / f"{seed}.json"
        flags = ("--resolutions", 9, "--json", numbers)
        assert run(capsys, "evaluate", swept / f"fno-width-8-seed-{seed}", darcy_file, *flags)[0] == 0
        errors.append(json.loads(numbers.read_text())["rows"][0]["direct"]["relative_l2"])
    mean, deviation = np.mean(errors), abs(errors[1] - errors[0]) / np.sqrt(2)
    np.testing.assert_allclose([row["mean"]["relative_l2"], row["deviation"]["relative_l2"]], [mean, deviation])
    table = (swept / "sweep.md").read_text()
    assert f"| FNO | 8 | {row['parameters']:,} | {mean:.4f} ± {deviation:.4f} |" in table
    solve = found["coarse"]["rows"][0]["mean"]
    assert f"| coarse solve, mean |  | none | {solve['relative_l2']:.4f} |" in table
    assert solve["milliseconds"] > 0
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 1 + 4
    assert len({line.count("|") for line in lines}) == 1
    assert (swept / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_call_trains_nothing_and_finds_the_same(swept, darcy_file, capsys, monkeypatch):
    before = json.loads((swept / "sweep.json").read_text())
    for name in ("train", "resume"):
        monkeypatch.setattr(sweeping, name, None)
    status, printed, _ = run(capsys, "sweep", darcy_file, darcy_file, "--out", swept, *GIVEN)
    assert status == 0
    assert printed == (swept / "sweep.md").read_text()
    after = json.loads((swept / "sweep.json").read_text())
    for old, new in zip(before["rows"], after["rows"], strict=True):
        assert old["mean"]["relative_l2"] == new["mean"]["relative_l2"]


def test_other_settings_are_refused_and_leave_the_folder_as_it_is(swept, darcy_file, capsys):
    before = (swept / "sweep.json").read_bytes()
    call = ("sweep", darcy_file, darcy_file, "--out", swept, *GIVEN)
    assert "--epochs 2" in refused(capsys, *call, "--epochs", 2)
    assert "other data" in refused(capsys, *call, "--train-samples", 12)
    assert (swept / "sweep.json").read_bytes() == before


def test_what_cannot_be_trained_is_one_sentence_before_anything_is(capsys, darcy_file, tmp_path):
    from pde.data.generate import generate
    from pde.equations.darcy.problem import Darcy

    other = tmp_path / "other.h5"
    generate(Darcy(resolution=13), other, samples=1, seed=0)
    for flags, message in (
        (("--models", "fno", "mano", "--widths", 8, 6), "--widths 6: --model mano"),
        (("--models", "fno", "--widths", 0), "--widths 0"),
        (("--models", "fno", "manoo"), "did you mean mano?"),
        (("--models",), "--models is empty"),
        (("--models", "fno", "--seeds"), "--seeds is empty"),
        (("--models", "fno", "--seeds", -1), "--seed -1"),
        (("--models", "fno", "--batch-size", 0), "--batch-size 0"),
    ):
        out = ("--out", tmp_path / "out", *SMALL)
        assert message in refused(capsys, "sweep", darcy_file, darcy_file, *out, *flags), flags
    out = ("--out", tmp_path / "out", "--models", "fno", *SMALL)
    assert "choose one of" in refused(capsys, "sweep", darcy_file, other, *out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.h5", "other.h5.cost.json"]
