"""Models without the scale of their inputs: the equation's own scaling holds whatever they have learned."""

import dataclasses
import functools

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.equations.poisson import Poisson
from pde.equations.registry import EQUATIONS
from pde.evaluation.evaluate import evaluate
from pde.preprocessing.input_transform import InputTransform
from pde.preprocessing.scale import solution_scale
from pde.preprocessing.view import View
from pde.runs.run import Run
from pde.surrogates.export import export_run
from pde.surrogates.surrogate import Surrogate
from pde.system.errors import InputError
from tests.cases import slow
from tests.command_line import TINY, refused, run
from tests.small_runs import history, start

VIEWS = {
    "points": {},
    "strided": {"informed": "strided"},
    "upscaled": {"informed": "upscaled", "restriction": "means"},
}


@pytest.fixture(scope="module", params=["points", slow("strided"), slow("upscaled")])
def free(request, darcy_file, tmp_path_factory):
    """A run without the scale, briefly trained."""
    out = tmp_path_factory.mktemp("free") / "run"
    return start(darcy_file, out, epochs=1, resolution=5, scale_free=True, **VIEWS[request.param])


@pytest.fixture(scope="module")
def plain_view(darcy_file, tmp_path_factory):
    return start(darcy_file, tmp_path_factory.mktemp("plain") / "run", epochs=2, scale_free=True)


@pytest.fixture(scope="module")
def doubled(tmp_path_factory):
    """The samples of `darcy_file` with the phases 24 and 6."""
    path = tmp_path_factory.mktemp("doubled") / "darcy.h5"
    generate(Darcy(resolution=17, contrast_high=24.0, contrast_low=6.0), path, samples=20, seed=0)
    return path


def untrained(folder):
    description = Run.open(folder)
    return Surrogate.of(description, *description.build(), 0)


def assert_scaled(predict, fields, factor, by):
    """Predictions for c times the fields are c^p times those for the fields, to rounding."""
    one, other = predict(fields), predict(np.float32(factor) * fields)
    np.testing.assert_allclose(other, by * one, rtol=0, atol=1e-6 * by * np.abs(one).max())


def test_twice_the_coefficient_is_half_the_solution(darcy_file, free):
    data = pde.open(darcy_file)
    fields = data.read_inputs(slice(3))
    for surrogate in (untrained(free), pde.load(free)):
        for mode in ("direct", "resample"):
            predict = functools.partial(surrogate.predict_in, mode, grid=data.grid)
            assert_scaled(predict, fields, 2, 1 / 2)


def test_with_the_scale_it_is_not(darcy_file, undisturbed):
    fields, surrogate = pde.open(darcy_file).read_inputs(slice(3), 2), pde.load(undisturbed)
    grid = surrogate.run.grid
    one, other = surrogate.predict(fields, grid), surrogate.predict(2 * fields, grid)
    assert np.abs(other - one / 2).max() > 1e-2 * np.abs(one).max()


@pytest.mark.slow
def test_twice_the_coefficient_has_the_same_errors(darcy_file, doubled, free):
    surrogate, rows = pde.load(free), []
    for path in (darcy_file, doubled):
        rows.append(evaluate(surrogate, path, [5, 9, 17])["rows"])
    for one, other in zip(*rows, strict=True):
        for mode in ("direct", "resample"):
            for error in ("relative_l2", "relative_mse", "relative_h1"):
                assert other[mode][error] == pytest.approx(one[mode][error], rel=2e-6)


@pytest.mark.slow
def test_the_slope_along_the_coefficient_is_minus_the_solution(darcy_file, plain_view):
    """Euler's relation for a function of degree -1."""
    surrogate, a = untrained(plain_view), jnp.asarray(pde.open(darcy_file).read_inputs(slice(1), 2)[0, ..., 0])
    middle = jax.jit(lambda a: surrogate(a)[4, 4])
    assert float(jnp.vdot(jax.grad(middle)(a), a)) == pytest.approx(-float(middle(a)), rel=1e-4)


@pytest.mark.slow
def test_the_scales_of_the_training_samples_change_nothing(darcy_file, tmp_path):
    """Powers of two, so that nothing is rounded."""
    changed, powers = tmp_path / "changed.h5", 2.0 ** np.random.default_rng(0).integers(-6, 7, (20, 1, 1))
    changed.write_bytes(darcy_file.read_bytes())
    with h5py.File(changed, "r+") as file:
        file["coefficient"][...] *= powers
        file["solution"][...] /= powers
    runs = [start(path, tmp_path / path.stem, epochs=2, scale_free=True) for path in (darcy_file, changed)]
    one, other = map(Run.open, runs)
    assert one.normalisation == other.normalisation
    assert one.digest == other.digest
    losses = [[line["train_loss"] for line in history(out)] for out in runs]
    assert losses[0] == losses[1]
    assert losses[0][1] < losses[0][0]


def test_a_run_that_is_loaded_predicts_what_it_predicted_in_training(darcy_file, free):
    surrogate, data = pde.load(free), pde.open(darcy_file)
    predicted = surrogate.predict(data.read_inputs(slice(18, 20)), data.grid, surrogate.run.grid)
    true = data.read_outputs(slice(18, 20), 4)
    errors = np.linalg.norm((predicted - true)[..., 0], axis=(1, 2)) / np.linalg.norm(true[..., 0], axis=(1, 2))
    noted = history(free)[surrogate.epoch - 1]["validation"]["relative_l2"]
    assert errors.mean() == pytest.approx(noted, rel=1e-4)


def test_the_mean_is_that_of_all_points_given(darcy_file):
    data = pde.open(darcy_file)
    observation = InputTransform(View(("coefficient",), scaling=(-1.0,)), data.grid, data.grid.strided(4))
    fields = data.read_inputs(slice(3))
    means = fields.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(observation.scale(fields)[:, 0, 0, 0], 1 / means, rtol=1e-6)
    seen = observation(jnp.asarray(fields))
    np.testing.assert_allclose(seen[..., 0], fields[:, ::4, ::4, 0] / means[:, None, None], rtol=1e-6)


def test_each_input_has_its_own_power():
    """Darcy flow with a source: u(c a, d f) = d / c u(a, f)."""
    fields = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype(np.float32)
    a, f = np.moveaxis(np.abs(fields).mean(axis=(1, 2)), -1, 0)
    np.testing.assert_allclose(solution_scale(fields, (-1.0, 1.0))[:, 0, 0, 0], f / a, rtol=1e-6)


def test_an_exported_model_scales(darcy_file, free, tmp_path):
    export_run(free, tmp_path / "exported", resolution=17)
    exported, surrogate = pde.load_exported(tmp_path / "exported"), pde.load(free)
    fields = pde.open(darcy_file).read_inputs(slice(3))
    expected = surrogate(fields)
    np.testing.assert_allclose(exported(fields), expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    assert_scaled(exported, fields, 2, 1 / 2)


def test_a_surrogate_that_is_saved_scales(darcy_file, plain_view, tmp_path):
    pde.load(plain_view).save(tmp_path / "saved")
    fields, surrogate = pde.open(darcy_file).read_inputs(slice(3), 2), pde.load(tmp_path / "saved")
    assert_scaled(surrogate, fields, 2, 1 / 2)
    np.testing.assert_array_equal(surrogate(fields), pde.load(plain_view)(fields))


@pytest.mark.slow
def test_a_source_scales_with_the_solution(tmp_path):
    """Sources have both signs and a mean near zero: their size is that of their absolute values."""
    generate(Poisson(resolution=9), tmp_path / "poisson.h5", samples=10, seed=0)
    surrogate = pde.load(start(tmp_path / "poisson.h5", tmp_path / "run", epochs=1, scale_free=True))
    data = pde.open(tmp_path / "poisson.h5")
    fields = data.read_inputs()
    assert_scaled(lambda f: surrogate.predict(f, data.grid), fields, 8, 8)
    nothing = surrogate.predict(0 * fields, data.grid)  # a field without a size
    assert np.isfinite(nothing).all()


def test_an_equation_that_declares_nothing_refuses(darcy_file, tmp_path, monkeypatch):
    monkeypatch.setitem(EQUATIONS, "darcy", dataclasses.replace(EQUATIONS["darcy"], scaling={}))
    with pytest.raises(InputError, match=r"--scale-free: .* declares no scaling with coefficient; declare it"):
        start(darcy_file, tmp_path / "run", scale_free=True)
    assert not (tmp_path / "run").exists()


def test_what_has_no_scale_is_one_sentence(capsys, darcy_file, tmp_path):
    def said(change, *more):
        with h5py.File(tmp_path / "changed.h5", "w") as file, h5py.File(darcy_file) as original:
            for name in ("coefficient", "solution", "x", "y"):
                file[name] = original[name][...]
            file.attrs.update(boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))
            change(file)
        flags = ("--model", "fno", "--out", tmp_path / "run", *TINY, "--scale-free", *more)
        return refused(capsys, "train", tmp_path / "changed.h5", *flags)

    def phases(file):
        file["coefficient"][...] = file["coefficient"][...] > 5

    assert "only marks the phases" in said(phases)
    assert "say --boundary zero" in said(lambda file: file.attrs.pop("boundary"))
    assert "no known equation" in said(lambda file: file.move("coefficient", "a"), "--inputs", "a")
    assert "leave --scale-free out" in said(lambda file: None, "--informed", "learned")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_every_command_takes_it(capsys, darcy_file, doubled, plain_view, tmp_path):
    """Other phases of the same ratio are nothing new."""
    for command in (
        ("evaluate", plain_view, doubled),
        ("predict", plain_view, doubled, tmp_path / "predicted.h5"),
        ("train", darcy_file, "--out", plain_view, "--resume"),
    ):
        status, _, error = run(capsys, *command)
        assert status == 0
        assert "outside of what training saw" not in error
    assert "coefficient over its mean" in run(capsys, "info", plain_view)[1]
