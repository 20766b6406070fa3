"""Two trainings in one folder: the second says in a sentence that another process uses it."""

import shutil

import pytest

import pde
from manojax import FNOConfig
from tests.command_line import TINY, refused


@pytest.mark.slow
def test_a_folder_in_which_another_training_runs_is_not_trained_in(capsys, darcy_file, tmp_path):
    out, said = tmp_path / "run", []
    begin = ("train", darcy_file, "--model", "fno", "--out", out, *TINY)
    go_on = ("train", darcy_file, "--out", out, "--resume")

    def second(line):
        capsys.readouterr()
        said.extend(refused(capsys, *command) for command in (begin, go_on))

    options = FNOConfig(width=8, depth=1)
    pde.train(darcy_file, out, model="fno", options=options, epochs=1, resolution=9, on_epoch=second)
    expected = f"manojax: error: {out} is being trained by another process; wait for that one to end, or name"
    assert [sentence.startswith(expected) for sentence in said] == [True, True]
    capsys.readouterr()
    assert "exists already" in refused(capsys, *begin)


def test_the_later_of_two_that_begin_in_the_same_moment_leaves_the_folder_to_the_other(
    capsys, monkeypatch, folder, darcy_file, tmp_path
):
    """The other makes the folder after this one has found that there is none, and before it has made its own."""
    out, for_grid = tmp_path / "run", FNOConfig.for_grid

    def other_first(options, shape):
        shutil.copytree(folder / "run", out)
        return for_grid(options, shape)

    monkeypatch.setattr(FNOConfig, "for_grid", other_first)
    said = refused(capsys, "train", darcy_file, "--model", "fno", "--out", out, *TINY)
    assert f"{out} was created by another process in the meantime" in said
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert pde.load(out).epoch == 1
