"""What a researcher does in a notebook: arrays in memory, no file and no command line."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from manojax import FNOConfig

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
        ({"coefficient": np.ones((20, 2, 17, 17)), "solution": None}, "two space dimensions"),
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


def test_importing_pde_imports_nothing_that_is_not_used():
    program = "import sys, pde; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"jax", "flax", "orbax", "tensorstore", "scipy", "tyro", "h5py"} & set(shown)
