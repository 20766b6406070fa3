"""Inputs outside of what a model saw in training are said to be there."""

import json
import shutil
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from pde.surrogates.extrapolation import seen_by
from tests.cases import slow
from tests.command_line import run
from tests.small_runs import start

SAID = "outside of what training saw"


@pytest.fixture(scope="module")
def fields(darcy_file):
    """The data file's coefficient, which is 12 and 3, and its solutions."""
    data = pde.open(darcy_file)
    return {"coefficient": data.read("coefficient"), "solution": data.read("solution")}


@pytest.mark.parametrize(
    ("values", "outside"),
    [
        (lambda a: a, False),
        (lambda a: np.where(a > 5, 1.0, 0.0), True),
        (lambda a: -a, True),
        (lambda a: 2 * a, True),
        (lambda a: a / 2, True),
        (lambda a: a * 1.1, False),
        (lambda a: np.full_like(a, 7), False),
    ],
)
def test_values_are_compared_with_those_of_training(undisturbed, fields, values, outside):
    surrogate = pde.load(undisturbed)
    given = values(fields["coefficient"]).astype(np.float32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        surrogate(given)
    assert [SAID in str(each.message) for each in caught] == [True] * outside


@pytest.mark.slow
def test_without_the_scale_ratios_are_compared(darcy_file, fields, tmp_path):
    surrogate = pde.load(start(darcy_file, tmp_path / "run", epochs=1, scale_free=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surrogate(2 * fields["coefficient"])
        surrogate(fields["coefficient"] / 1000)
    with pytest.warns(UserWarning, match="coefficient over its mean is 0.0"):
        surrogate(fields["coefficient"] ** 4)


def test_traced_fields_are_not_looked_at(undisturbed, fields):
    surrogate = pde.load(undisturbed)
    assert jnp.isfinite(jax.jit(surrogate)(-fields["coefficient"][:1])).all()


def test_signed_fields_have_a_linear_range(fields):
    signed = fields["coefficient"] - 7
    grid = pde.Dataset(**fields, x=np.linspace(0, 1, 17), y=np.linspace(0, 1, 17)).grid
    normalisation = pde.Normalisation.fit([(signed[..., None], fields["solution"][..., None])], grid)
    assert normalisation.input_range == ((-4.0, 5.0),)


@pytest.mark.parametrize("command", [slow("evaluate"), "predict"])
def test_commands_say_it_once_on_standard_error(capsys, undisturbed, darcy_file, fields, tmp_path, command):
    other = tmp_path / "other.npz"
    axis = np.linspace(0, 2, 17)
    np.savez(other, coefficient=4 * fields["coefficient"], solution=fields["solution"], x=axis, y=axis)
    out = [tmp_path / "out.h5"] if command == "predict" else []
    status, _, said = run(capsys, command, undisturbed, other, *out)
    assert status == 0
    [line] = [each for each in said.splitlines() if SAID in each]
    assert line.startswith(f"manojax: {other}: ")
    assert "coefficient is 12 to 48, was 3 to 12" in line
    assert "the domain is [0, 2] x [0, 2], was [0, 1] x [0, 1]" in line
    again = [tmp_path / "again.h5"] if command == "predict" else []
    assert SAID not in run(capsys, command, undisturbed, darcy_file, *again)[2]


def test_an_exported_model_says_it_too(capsys, undisturbed, fields, tmp_path):
    assert run(capsys, "export", undisturbed, tmp_path / "exported", "--resolution", "17")[0] == 0
    other, axis = tmp_path / "other.npz", np.linspace(0, 1, 17)
    np.savez(other, coefficient=4 * fields["coefficient"], x=axis, y=axis)
    status, _, said = run(capsys, "predict", "--exported", tmp_path / "exported", other, tmp_path / "out.h5")
    assert status == 0
    assert "coefficient is 12 to 48, was 3 to 12" in said


@pytest.mark.slow
def test_another_equation_is_named(capsys, undisturbed, darcy_file, tmp_path):
    trained = pde.load(undisturbed).run.equation
    assert trained.startswith("-div(a grad u) = 1")
    shutil.copytree(undisturbed, tmp_path / "run")
    description = json.loads((tmp_path / "run" / "run.json").read_text())
    description["equation"] = "-Laplace u = f"
    (tmp_path / "run" / "run.json").write_text(json.dumps(description))
    said = run(capsys, "evaluate", tmp_path / "run", darcy_file)[2]
    assert f"the equation is {trained}, was -Laplace u = f" in said


@pytest.mark.slow
def test_means_over_cells_have_the_range_of_their_input(darcy_file, tmp_path):
    out = start(darcy_file, tmp_path / "run", epochs=1, restriction="means")
    low, high = seen_by(pde.load(out).run).ranges["coefficient"]
    assert 3 <= low < high <= 12
