"""Two trainings in one folder: the second says in a sentence that another process uses it."""

import pytest

import pde
from manojax import FNOConfig
from tests.command_line import TINY, refused


@pytest.fixture
def out(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def train(capsys, darcy_file, out):
    """Train in that folder as the flags `TINY` do."""

    def train(on_epoch=None):
        options = FNOConfig(width=8, depth=1)
        pde.train(darcy_file, out, model="fno", options=options, epochs=1, resolution=9, on_epoch=on_epoch)
        capsys.readouterr()

    return train


def test_a_folder_in_which_another_training_runs_is_not_trained_in(capsys, darcy_file, out, train):
    begin = ("train", darcy_file, "--model", "fno", "--out", out, *TINY)
    go_on = ("train", darcy_file, "--out", out, "--resume")
    said = []

    def second(line):
        capsys.readouterr()
        said.extend(refused(capsys, *command) for command in (begin, go_on))

    train(second)
    expected = f"manojax: error: {out} is being trained by another process; wait for that one to end, or name"
    assert [sentence.startswith(expected) for sentence in said] == [True, True]
    assert "exists already" in refused(capsys, *begin)


def test_the_later_of_two_that_begin_in_the_same_moment_leaves_the_folder_to_the_other(
    capsys, monkeypatch, darcy_file, out, train
):
    """The other begins after this one has found the folder free, and before it has made it."""
    for_grid = FNOConfig.for_grid

    def other_first(options, shape):
        monkeypatch.setattr(FNOConfig, "for_grid", for_grid)
        train()
        return for_grid(options, shape)

    monkeypatch.setattr(FNOConfig, "for_grid", other_first)
    said = refused(capsys, "train", darcy_file, "--model", "fno", "--out", out, *TINY)
    assert f"{out} was created by another process in the meantime" in said
    assert len(pde.history(out)) == 1
    assert [path.name for path in out.parent.iterdir()] == ["run"]
