"""Both packages together, as a researcher has them in a notebook: arrays in memory, and a loop of their own."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import manojax
import pde
from manojax import FNOConfig
from pde.cli import main

FNO = FNOConfig(width=8, depth=1, modes=(3, 3))


@pytest.fixture(scope="module")
def arrays(darcy_file):
    data = pde.open(str(darcy_file))
    a, u = data.read("coefficient"), data.read("solution")
    axes = {"x": data.grid.x, "y": data.grid.y}
    return {"coefficient": a, "solution": u, **axes, "boundary": "zero", "domain": (0.0, 1.0, 0.0, 1.0)}


@pytest.fixture(scope="module")
def surrogate(arrays):
    return pde.train(pde.Dataset(**arrays), model="fno", options=FNO, epochs=2, batch_size=5, resolution=9)


def test_arrays_train_a_surrogate_that_predicts_and_is_evaluated(arrays, surrogate):
    predicted = surrogate(arrays["coefficient"])
    assert predicted.shape == arrays["solution"].shape
    data = pde.Dataset(**arrays)
    [row] = pde.evaluate(surrogate, data, [17])["rows"]
    direct = surrogate.predict(data.read_inputs(), data.grid)[..., 0]
    errors = np.linalg.norm(direct - data.read("solution"), axis=(1, 2)) / np.linalg.norm(
        data.read("solution"), axis=(1, 2)
    )
    assert row["direct"]["relative_l2"] == pytest.approx(errors.mean(), rel=1e-5)


@pytest.mark.slow
def test_arrays_and_their_file_train_to_the_same_bits(arrays, darcy_file, surrogate):
    settings = {"model": "fno", "options": FNO, "epochs": 1, "batch_size": 5, "resolution": 9}
    of_arrays = pde.train(pde.Dataset(**arrays), **settings)
    of_file = pde.train(darcy_file, **settings)
    np.testing.assert_array_equal(of_arrays(arrays["coefficient"]), of_file(arrays["coefficient"]))


def test_with_a_folder_it_is_a_run_that_an_interrupt_does_not_change(arrays, tmp_path):
    data, settings = pde.Dataset(**arrays), {"model": "fno", "options": FNO, "epochs": 2, "batch_size": 5}

    def interrupt(line):
        raise KeyboardInterrupt

    whole, out = pde.train(data, str(tmp_path / "whole"), **settings), str(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        pde.train(data, out, on_epoch=interrupt, **settings)
    assert len(pde.history(out)) == 1
    other = pde.Dataset(**(arrays | {"coefficient": 2 * arrays["coefficient"]}))
    with pytest.raises(pde.InputError, match="is not the data"):
        pde.resume(other, out)
    resumed = pde.resume(data, out)
    assert len(pde.history(out)) == 2
    np.testing.assert_array_equal(resumed(arrays["coefficient"]), whole(arrays["coefficient"]))


def test_a_surrogate_is_shown_its_own_inputs_of_a_data_set(arrays, surrogate, tmp_path):
    coefficient, others = arrays["coefficient"], {name: arrays[name] for name in arrays.keys() - {"coefficient"}}
    more = pde.Dataset(source=-coefficient, coefficient=coefficient, **others)
    assert more.inputs == ("source", "coefficient")
    for data, name in ((pde.Dataset(**arrays), "data.h5"), (more, "more.h5")):
        pde.predict(surrogate, data, tmp_path / name)
    alone, beside = (pde.open(tmp_path / name).read("solution") for name in ("data.h5", "more.h5"))
    np.testing.assert_array_equal(alone, beside)
    with pytest.raises(pde.InputError, match="no data set 'coefficient'"):
        pde.evaluate(surrogate, pde.Dataset(source=coefficient, **others))


def test_the_border_of_a_data_set_is_said_where_it_is_made(arrays):
    with pytest.raises(pde.InputError, match="where the data set is made"):
        pde.train(pde.Dataset(**arrays), model="fno", options=FNO, boundary="zero")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coefficient": np.ones((3, 17, 16))}, "solution has shape"),
        ({"coefficient": np.ones((0, 17, 17)), "solution": None}, "no samples"),
        ({"coefficient": 1j * np.ones((20, 17, 17))}, "must be numbers"),
        ({"coefficient": np.ones((20, 2, 17, 17)), "solution": None}, "must be .samples, x, y."),
        ({"x": np.zeros(17)}, "arrays: .*x"),
    ],
)
def test_arrays_that_are_no_data_set_are_refused_in_a_sentence(arrays, change, message):
    with pytest.raises(pde.InputError, match=message):
        pde.Dataset(**(arrays | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: np.where(np.arange(17) == 3, np.nan, a), "NaN or infinity"),
        (lambda a: a + 1j, "real numbers"),
        (lambda a: jnp.asarray(a, jnp.complex64), "real numbers"),
        (lambda a: jnp.asarray(a).at[0, 3, 3].set(jnp.inf), "NaN or infinity"),
        (lambda a: jnp.asarray(a)[:0], "no samples"),
        (lambda a: a[:0], "no samples"),
        (lambda a: [["thirty"]], "real numbers"),
    ],
)
def test_fields_that_would_predict_nonsense_are_refused(arrays, surrogate, change, message):
    with pytest.raises(pde.InputError, match=message):
        surrogate(change(arrays["coefficient"]))


def test_traced_fields_are_not_looked_at(arrays, surrogate):
    broken = jnp.asarray(arrays["coefficient"][0]).at[3, 3].set(jnp.nan)
    assert jnp.isnan(jax.jit(surrogate)(broken)).any()


def test_lists_are_fields_as_well(arrays, surrogate):
    a = arrays["coefficient"][0]
    np.testing.assert_array_equal(surrogate(a.tolist()), surrogate(a))


@pytest.mark.parametrize(
    ("statement", "unused"),
    [
        ("import pde", {"jax", "flax", "orbax", "tensorstore", "scipy", "tyro", "h5py"}),
        ("import manojax, pde", {"orbax", "tensorstore", "scipy", "tyro", "h5py"}),
    ],
)
def test_an_import_imports_nothing_that_is_not_used(statement, unused):
    program = f"import sys; {statement}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not unused & set(shown.stdout.split())


def trained_by_hand(data, model, epochs=2):
    """A loop of a researcher's own: the normalisation that it was trained with, and the last loss."""
    a, u = data.read_inputs(), data.read_outputs()
    normalisation = pde.Normalisation.fit([(a, u)], data.grid)
    coordinates = normalisation.coordinates(data.grid)
    optimiser = nnx.Optimizer(model, optax.adam(3e-3), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimiser, a, u):
        def loss(model):
            predicted = normalisation.decode(model(normalisation.encode(a), coordinates), a)
            return pde.metrics.relative_l2(predicted, u).mean()

        error, gradient = nnx.value_and_grad(loss)(model)
        optimiser.update(model, gradient)
        return error

    for _ in range(epochs):
        for start in range(0, data.samples, 5):
            error = step(model, optimiser, a[start : start + 5], u[start : start + 5])
    return normalisation, error


@pytest.fixture(scope="module")
def by_hand(arrays):
    data = pde.Dataset(**arrays)
    model = manojax.create("fno", width=8, depth=1, modes=(3, 3), rngs=nnx.Rngs(0))
    with jax.numpy_dtype_promotion("standard"):  # a user's: Adam of optax divides whole numbers
        normalisation, error = trained_by_hand(data, model)
    inputs = jnp.asarray(data.read_inputs())
    outputs = model(normalisation.encode(inputs), normalisation.coordinates(data.grid))
    predicted = np.asarray(normalisation.decode(outputs, inputs))
    assert np.isfinite(error)
    return pde.Surrogate(model, grid=data.grid, normalisation=normalisation, data="mine"), predicted


def test_a_loop_of_ones_own_makes_a_surrogate_that_is_evaluated_saved_loaded_and_exported(
    arrays, by_hand, darcy_file, tmp_path, capsys
):
    surrogate, predicted = by_hand
    data = pde.Dataset(**arrays)
    [row] = pde.evaluate(surrogate, data, [17])["rows"]
    true = data.read_outputs()
    errors = np.linalg.norm(predicted - true, axis=(1, 2)) / np.linalg.norm(true, axis=(1, 2))
    assert row["direct"]["relative_l2"] == pytest.approx(errors.mean(), rel=1e-5)
    np.testing.assert_allclose(surrogate(arrays["coefficient"]), predicted[..., 0], rtol=1e-5, atol=1e-7)
    surrogate.save(tmp_path / "run")
    loaded = pde.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded(arrays["coefficient"]), surrogate(arrays["coefficient"]))
    for command in (("evaluate", darcy_file), ("info",), ("predict", darcy_file, tmp_path / "predicted.h5")):
        name, *others = map(str, command)
        assert main([name, str(tmp_path / "run"), *others]) == 0
    assert "mine, inputs coefficient" in capsys.readouterr().out
    config = pde.export_run(tmp_path / "run", tmp_path / "exported")
    assert config["run"]["data"] == "mine"
    exported = pde.load_exported(tmp_path / "exported")
    np.testing.assert_allclose(exported(arrays["coefficient"]), surrogate(arrays["coefficient"]), rtol=1e-4)


def test_what_was_saved_by_hand_has_no_training_to_resume_and_is_not_written_over(by_hand, darcy_file, tmp_path):
    by_hand[0].save(tmp_path / "run")
    with pytest.raises(pde.InputError, match=r"saved by Surrogate\.save and knows no training"):
        pde.resume(darcy_file, tmp_path / "run")
    with pytest.raises(pde.InputError, match="exists already"):
        by_hand[0].save(tmp_path / "run")


def test_a_model_held_at_points_keeps_them(arrays, tmp_path):
    data = pde.Dataset(**arrays)
    normalisation = pde.Normalisation.fit([(data.read_inputs(), data.read_outputs())], data.grid)
    model = manojax.Anchored(
        manojax.create("fno", width=8, depth=1, modes=(3, 3), rngs=nnx.Rngs(0)),
        normalisation.coordinates(data.grid),
    )
    surrogate = pde.Surrogate(model, grid=data.grid, normalisation=normalisation)
    surrogate.save(tmp_path / "run")
    fields = arrays["coefficient"][:2, ::2, ::2]
    np.testing.assert_array_equal(
        pde.load(tmp_path / "run")(fields, mode="direct"), surrogate(fields, mode="direct")
    )
    with pytest.raises(pde.InputError, match="anchors of the model are not the points of the grid"):
        pde.Surrogate(model, grid=data.grid.strided(2), normalisation=normalisation)
    with pytest.raises(pde.InputError, match="Linear is no operator"):
        pde.Surrogate(nnx.Linear(1, 1, rngs=nnx.Rngs(0)), grid=data.grid, normalisation=normalisation)


def test_a_description_that_was_changed_is_refused(by_hand, tmp_path):
    by_hand[0].save(tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    saved = json.loads(path.read_text())
    moved = [(x**1.1) for x in saved["grid"]["x"]]
    changed = r"run\.json was changed after .* put back what it was"
    for name, change, message in (
        ("normalisation", {"output_mean": 1.0}, changed),
        ("normalisation", {"length": 2.0}, changed),
        ("grid", {"x": moved}, changed),
        ("options", {"width": "thirty"}, r"(?s)run\.json is damaged or of another version.*thirty"),
    ):
        path.write_text(json.dumps(saved | {name: saved[name] | change}))
        with pytest.raises(pde.InputError, match=message):
            pde.load(tmp_path / "run")
    path.write_text(json.dumps(saved))
    pde.load(tmp_path / "run")
