"""Every flag of every command with values that make no sense: refused, and nothing written."""

import dataclasses

import pytest

from manojax import MODELS
from pde.equations.darcy.problem import Darcy
from pde.runs.config import TrainingConfig
from tests.command_line import TINY, run

NONSENSE = ("-1", "nan", "inf", "1e30", "x", "")
ON_OFF = ("canonical", "stream", "scale_free")
"""Flags without a value."""


def flags(config, *left_out):
    return [f"--{f.name.replace('_', '-')}" for f in dataclasses.fields(config) if f.name not in left_out]


def assert_refused(capsys, *arguments):
    status, printed, said = run(capsys, *arguments)
    assert status == 2, (arguments, printed, said)
    assert "Traceback" not in said
    assert said.strip()


@pytest.mark.parametrize("flag", flags(TrainingConfig, *ON_OFF))
def test_of_training(capsys, darcy_file, tmp_path, flag):
    for value in NONSENSE:
        given = ("--model", "fno", "--out", tmp_path / "run", *TINY, flag, value)
        assert_refused(capsys, "train", darcy_file, *given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", MODELS)
def test_of_models(capsys, darcy_file, tmp_path, name):
    for flag in flags(MODELS[name].Config):
        for value in ("-1", "nan", "1e30", "x"):
            given = ("--model", name, "--out", tmp_path / "run", "--epochs", "1", "--resolution", "9", flag, value)
            assert_refused(capsys, "train", darcy_file, *given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flag", ["--mesh", "--coordinator", "--process-id", "--num-processes"])
def test_of_devices_and_processes(capsys, darcy_file, tmp_path, flag):
    for value in NONSENSE:
        assert_refused(
            capsys, "train", darcy_file, "--model", "fno", "--out", tmp_path / "run", *TINY, flag, value
        )
    assert not list(tmp_path.iterdir())


def test_of_generate(capsys, tmp_path):
    many = {"--contrast-high": ("1e30",), "--contrast-low": ("1e30",)}  # the solver manages
    for flag in (*flags(Darcy, *ON_OFF), "--samples", "--splits", "--shard", "--seed"):
        for value in set(NONSENSE) - set(many.get(flag, ())):
            small = () if flag == "--resolution" else ("--resolution", "9")
            count = () if flag in ("--samples", "--splits") else ("--samples", "1")
            assert_refused(capsys, "generate", tmp_path / "a.h5", *small, *count, flag, value)
    assert not list(tmp_path.iterdir())


def test_of_sweep(capsys, darcy_file, tmp_path):
    for flag in ("--models", "--widths", "--seeds"):
        for value in NONSENSE:
            given = ("--out", tmp_path / "sweep", "--resolution", "9", "--epochs", "1", flag, value)
            assert_refused(capsys, "sweep", darcy_file, darcy_file, *given)
    assert_refused(
        capsys, "sweep", darcy_file, darcy_file, "--out", tmp_path / "sweep", "--seed", 1
    )  # --seeds says
    assert not list(tmp_path.iterdir())


def test_of_evaluate_predict_and_report(capsys, folder, darcy_file, tmp_path):
    for flag in ("--resolutions", "--boundary", "--domain"):
        for value in NONSENSE:
            assert_refused(capsys, "evaluate", folder / "run", darcy_file, flag, value)
            assert_refused(capsys, "report", folder / "run", darcy_file, "--out", tmp_path / "page", flag, value)
    for flag in ("--mode", "--polish", "--boundary", "--domain"):
        for value in NONSENSE:
            assert_refused(capsys, "predict", folder / "run", darcy_file, tmp_path / "out.h5", flag, value)
    assert not list(tmp_path.iterdir())
