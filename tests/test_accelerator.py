"""An accelerator computes what a CPU computes.

The tests are skipped where JAX has only CPUs; `python -m benchmarks.speed.gpu` runs them on a GPU.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.flatten_util import ravel_pytree

import manojax
from pde.equations.darcy.problem import Darcy
from pde.runs.config import TrainingConfig
from pde.solvers.elliptic import solve
from pde.training.train import train

pytestmark = pytest.mark.skipif(jax.default_backend() == "cpu", reason="needs an accelerator")

SIDE = 17


def on_both(function, *arguments):
    """What the function returns on the first CPU and on the first device of the default backend."""
    devices = jax.devices("cpu")[0], jax.devices()[0]
    return [jax.jit(function)(*jax.device_put(arguments, device)) for device in devices]


def some_fields():
    return jax.random.normal(jax.random.key(0), (2, SIDE, SIDE, 1))


def close(found, expected, tolerance):
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
        assert np.linalg.norm(one - other) <= tolerance * np.linalg.norm(other)


@pytest.mark.parametrize("name", manojax.MODELS)
def test_outputs_and_gradients_of_operators(name):
    graph, params = nnx.split(manojax.create(name, rngs=nnx.Rngs(0)), nnx.Param)

    def both(params, fields):
        def loss(params):
            predicted = nnx.merge(graph, params)(fields)
            return jnp.mean(predicted**2), predicted

        slope, predicted = jax.grad(loss, has_aux=True)(params)
        return predicted, ravel_pytree(slope)[0]

    expected, found = on_both(both, params, some_fields())
    close(found, expected, 1e-3)


def test_half_precision_stays_near():
    single, half = (manojax.create("mano", dtype=dtype, rngs=nnx.Rngs(0)) for dtype in (jnp.float32, jnp.bfloat16))
    close(nnx.jit(half)(some_fields()), nnx.jit(single)(some_fields()), 0.1)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_solutions(precision):
    sample = next(iter(Darcy(resolution=SIDE).samples(0, range(1))))
    with jax.enable_x64(True):
        a = np.asarray(sample["coefficient"], np.float64)

        def run(a):
            return solve(a, jnp.ones_like(a), spacing=(1 / (SIDE - 1),) * 2, precision=precision)

        expected, found = on_both(run, a)
    assert bool(found.converged)
    assert float(found.residual) <= 1e-10
    close(found.solution, expected.solution, 1e-8)


def test_same_seed_same_bits(darcy_file, tmp_path):
    config = TrainingConfig(epochs=2, batch_size=4)
    runs = [train(darcy_file, tmp_path / name, model="fno", config=config) for name in ("one", "two")]
    one, two = (jax.tree.leaves(run.params) for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
