"""What a researcher does in a notebook: arrays in memory, no file and no command line."""

import subprocess
import sys

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


def test_with_a_folder_it_is_a_run_that_is_resumed(arrays, tmp_path):
    data, out = pde.Dataset(**arrays), str(tmp_path / "run")
    trained = pde.train(data, out, model="fno", options=FNO, epochs=1, batch_size=5)
    resumed = pde.resume(data, out)
    np.testing.assert_array_equal(trained(arrays["coefficient"]), resumed(arrays["coefficient"]))
    assert len(pde.history(out)) == 1
    other = pde.Dataset(**(arrays | {"coefficient": 2 * arrays["coefficient"]}))
    with pytest.raises(pde.InputError, match="is not the data"):
        pde.resume(other, out)


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
        (lambda a: jnp.asarray(a, jnp.complex64), "complex"),
        (lambda a: a[:0], "no samples"),
        (lambda a: [["thirty"]], "real numbers"),
    ],
)
def test_fields_that_would_predict_nonsense_are_refused(arrays, surrogate, change, message):
    with pytest.raises(pde.InputError, match=message):
        surrogate(change(arrays["coefficient"]))


def test_lists_are_fields_as_well(arrays, surrogate):
    a = arrays["coefficient"][0]
    np.testing.assert_array_equal(surrogate(a.tolist()), surrogate(a))


def test_importing_pde_imports_nothing_that_is_not_used():
    program = "import sys, pde; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"jax", "flax", "orbax", "tensorstore", "scipy", "tyro", "h5py"} & set(shown)
