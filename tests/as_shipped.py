"""A small solve, two models and a training, whose numbers a process writes to a file: see `test_as_shipped.py`."""

import os
import sys
from pathlib import Path

import jax
import numpy as np
from flax import nnx

import manojax
import pde
from manojax import FNOConfig

RESOLUTION = 17
FNO = {"width": 8, "depth": 1, "modes": (3, 3)}
MODELS = {"mano": {"width": 8, "depth": 1, "heads": 2, "levels": 2}, "fno": FNO}


def numbers():
    """Return a coefficient with its solution, and the values and gradients of each model."""
    sample = pde.Darcy(RESOLUTION).sample(0, 0)
    found = {name: sample[name] for name in ("coefficient", "solution")}
    for name, options in MODELS.items():
        values, gradients = values_and_gradients(name, options)
        found[f"{name}, values"] = np.asarray(values)
        found[f"{name}, gradients"] = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradients)])
    return found


def values_and_gradients(name, options):
    graph, params = nnx.split(manojax.create(name, rngs=nnx.Rngs(0), **options), nnx.Param)
    fields, weight = (jax.random.normal(jax.random.key(seed), (2, 6, 6, 1)) for seed in (1, 2))

    def weighted(params):
        values = nnx.merge(graph, params)(fields)
        return (weight * values).sum(), values

    (_, values), gradients = jax.jit(jax.value_and_grad(weighted, has_aux=True))(params)
    return values, gradients


def losses(folder):
    """Train for a moment and return the loss of every epoch."""
    pde.generate(pde.Darcy(RESOLUTION), folder / "darcy.h5", samples=8, seed=0)
    found = []
    pde.train(
        folder / "darcy.h5",
        model="fno",
        options=FNOConfig(**FNO),
        config=pde.TrainingConfig(resolution=9, epochs=6, batch_size=2, learning_rate=1e-2, validation="none"),
        on_epoch=lambda line: found.append(line["train_loss"]),
    )
    return np.asarray(found)


if __name__ == "__main__":
    assert "JAX_DISABLE_MOST_OPTIMIZATIONS" not in os.environ
    folder = Path(sys.argv[1])
    np.savez(folder / "numbers.npz", losses=losses(folder), **numbers())
