"""Coarse solves of validation samples, and what `manojax train` says of them."""

import re

import pytest

import pde
from pde.evaluation.baselines import coarse_baseline
from pde.evaluation.validation import coarse_errors
from tests.command_line import TINY, run


def test_errors_are_those_of_the_baseline_on_the_same_samples(darcy_file):
    data = pde.open(darcy_file)
    found = coarse_errors(data, slice(None), 9)
    [row] = coarse_baseline(data, [9])["rows"]
    assert found == {scheme: pytest.approx(row[scheme]["relative_l2"], rel=1e-6) for scheme in found}
    assert {"arithmetic", "upscaled"} <= found.keys()
    assert coarse_errors(data, slice(18, None), 9) != found


def test_data_without_an_equation_have_none(darcy_file):
    data = pde.open(darcy_file)
    solution = data.read("solution")
    other = pde.Dataset(permeability=solution + 1, solution=solution, x=data.grid.x, y=data.grid.y)
    assert coarse_errors(other, slice(None), 9) == {}


def test_training_ends_with_its_error_beside_plain_baselines(capsys, darcy_file, tmp_path):
    status, printed, _ = run(capsys, "train", darcy_file, "--model", "fno", "--out", tmp_path / "run", *TINY)
    assert status == 0
    said = printed.splitlines()[0]
    assert said.startswith(f"{tmp_path / 'run'}: trained")
    assert " in 1 epoch and " in said
    error, solve = re.search(r"least validation error (\S+) .* a plain solve .* has ([^;]+);", said).groups()
    assert 0 < float(solve) < float(error)
    surrogate = pde.load(tmp_path / "run")
    assert f"at 17 points a side it is {surrogate.run.transfer.direct:.4f} direct" in said
