# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. Your own data
#
# From NumPy arrays to a trained surrogate, and then a use of it: a field that nobody measured, found by
# gradients from a few readings. The example is groundwater below an island between two rivers, 2 km long and 1
# km wide. Rain feeds it, the rivers hold its head at zero, and its transmissivity $T$ varies from place to
# place:
#
# $$-\nabla\cdot(T\,\nabla h) = 1\ \mathrm{mm/day},\qquad h = 0 \text{ at the rivers}.$$
#
# Any arrays of inputs and outputs on a grid would do in its place; the equation is not used before the end.

# %%
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("manojax") is None:  # on a hosted notebook
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "manojax"], check=True)

# %matplotlib inline
# %config InlineBackend.figure_format = "retina"

SHORT = bool(os.environ.get("MANOJAX_SHORT"))  # a quick run for the tests

# %%
import tempfile
import time
from pathlib import Path

import h5py
import jax
import jax.numpy as jnp
import numpy as np

import pde
from manojax import MANOConfig
from pde import TrainingConfig, export_run, plots, solve, train
from pde.metrics import relative_l2

work = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Arrays
#
# Here a small simulator stands in for yours. $T$ varies around 100 m²/day: $\log T$ is a sum of 16 cosines with
# random amplitudes, which we shall want to recover.

# %%
nx, ny = (17, 9) if SHORT else (41, 21)
x, y = np.linspace(0, 2, nx), np.linspace(0, 1, ny)  # km
modes = [(k, m) for k in range(4) for m in range(4)]
basis = np.stack(
    [np.outer(np.cos(np.pi * k * x / 2), np.cos(np.pi * m * y)) / (2 + 2 * k + 2 * m) for k, m in modes]
)
basis = basis.astype(np.float32)


def transmissivity(amplitudes):
    """T in m²/day on the grid."""
    return 100 * jnp.exp(jnp.tensordot(amplitudes, basis, 1))


@jax.jit
def simulator(field):
    """The head in m, by the differentiable solver."""
    spacing = (2000 / (nx - 1), 1000 / (ny - 1))  # m
    return solve(field, jnp.full_like(field, 1e-3), spacing=spacing).solution.astype(jnp.float32)


generator = np.random.default_rng(0)
drawn = generator.normal(size=(24 if SHORT else 800, len(modes))).astype(np.float32)
inputs = np.stack([transmissivity(each) for each in drawn])
outputs = np.stack([simulator(field) for field in inputs])
print(inputs.shape, outputs.shape)

# %% [markdown]
# ## A file
#
# Two arrays `(samples, height, width)` and two coordinates, in any unit of length. If the output vanishes on
# the border, say so: this makes interpolation better. Inputs span orders of magnitude here, so the model is
# shown their logarithm.

# %%
count = len(inputs) - len(inputs) // 10
for name, part in (("train", slice(count)), ("test", slice(count, None))):
    with h5py.File(work / f"{name}.h5", "w") as file:
        file["coefficient"] = np.log(inputs[part])
        file["solution"] = outputs[part]
        file["x"], file["y"] = x, y
        file.attrs.update(boundary="zero", domain=(0.0, 2.0, 0.0, 1.0))

# %% [markdown]
# ## A surrogate

# %%
curves = plots.LiveCurves()
options, config = MANOConfig(depth=1 if SHORT else 2), TrainingConfig(epochs=2 if SHORT else 20)
train(work / "train.h5", work / "run", options=options, config=config, on_epoch=curves.of("mano"))

# %%
surrogate = pde.load(work / "run")
test = pde.open(work / "test.h5")
seen, true = test.read_inputs(), test.read_outputs()
predicted = surrogate(seen)  # NumPy in, NumPy out
relative = np.asarray(relative_l2(jnp.asarray(predicted), jnp.asarray(true)))
print(f"relative L2 error over {len(true)} test samples: mean {relative.mean():.4f}, worst {relative.max():.4f}")

plots.sample_fields(
    seen[0, ..., 0], true[0, ..., 0], {"prediction": predicted[0, ..., 0]}, test.grid, name="log T", unit="km"
)

# %% [markdown]
# ## For others, without this library
#
# `export_run` (`manojax export run exported`) writes the surrogate as a program that JAX alone runs, for any
# number of samples on one grid; its weights; and a model card. `load_exported` reads it back.

# %%
export_run(work / "run", work / "exported")
exported = pde.load_exported(work / "exported")
for path in sorted((work / "exported").iterdir()):
    print(f"{path.name:20} {path.stat().st_size / 1000:8.1f} kB")
print("largest difference, m:", np.abs(exported(seen) - predicted).max())

# %% [markdown]
# ## A field from a few readings
#
# Forty wells read the head of an unknown $T$, with 1 % of noise. We look for the 16 amplitudes that explain the
# readings, by Gauss-Newton steps from $T = 100$ m²/day; derivatives come from automatic differentiation, once
# through the surrogate and once through the solver. A surrogate has errors, so its readings deserve less trust:
# its mean error on test data is combined with the noise.

# %%
truth = generator.normal(size=len(modes)).astype(np.float32)
wells = 1 + np.stack(np.divmod(generator.choice((nx - 2) * (ny - 2), 40, replace=False), ny - 2))
exact = np.asarray(simulator(transmissivity(truth)))[tuple(wells)]
noise = 0.01 * exact.max()
readings = (exact + noise * generator.normal(size=exact.shape)).astype(np.float32)


def by_surrogate(field):
    """The head by the trained operator; JAX arrays in and out, so JAX differentiates it."""
    return surrogate(jnp.log(field))


def recover(head, deviation, steps=3 if SHORT else 8):
    """The amplitudes that explain the readings, and the seconds of one step when compiled."""

    def misfit(amplitudes):
        return (head(transmissivity(amplitudes))[tuple(wells)] - readings) / deviation

    @jax.jit
    def improved(amplitudes):
        """A step; the prior, unit normals, keeps amplitudes small of which readings say nothing."""
        jacobian = jax.jacfwd(misfit)(amplitudes)
        slope = jacobian.T @ misfit(amplitudes) + amplitudes
        step = jnp.linalg.solve(jacobian.T @ jacobian + jnp.eye(len(modes)), slope)
        return amplitudes - step * jnp.minimum(1, 1 / jnp.max(jnp.abs(step)))

    amplitudes = jnp.zeros(len(modes), jnp.float32)
    for _ in range(steps):
        started = time.perf_counter()
        amplitudes = jax.block_until_ready(improved(amplitudes))
    return amplitudes, time.perf_counter() - started


model_error = relative.mean() * exact.max()
found, seconds = {}, {}
found["by the surrogate"], seconds["surrogate"] = recover(by_surrogate, np.hypot(noise, model_error))
found["by the solver"], seconds["solver"] = recover(simulator, noise)

# %%
fields = {"true log10 T, m²/day": truth} | {f"log10 T, {name}": each for name, each in found.items()}
figure = plots.fields(
    {name: np.log10(transmissivity(each)) for name, each in fields.items()}, test.grid, shared=True, unit="km"
)
for axes in figure.axes[:3]:
    axes.scatter(x[wells[0]], y[wells[1]], s=8, color="white", edgecolor="black", linewidth=0.5)
figure

# %% [markdown]
# Is the field that the surrogate found right? Its own readings cannot tell: where it errs, gradients follow the
# error. The solver can: it gives the head that the found $T$ *really* has, to compare with the readings.

# %%
for name, amplitudes in {"start": np.zeros_like(truth), **found}.items():
    error = np.linalg.norm(np.tensordot(amplitudes - truth, basis, 1)) / np.linalg.norm(
        np.tensordot(truth, basis, 1)
    )
    really = np.asarray(simulator(transmissivity(amplitudes)))[tuple(wells)]
    off = np.sqrt(np.mean((really - readings) ** 2)) / noise
    print(f"{name:17} error of log T {100 * error:5.1f} %   readings missed by {off:5.2f} times the noise")
ratio = seconds["surrogate"] / seconds["solver"]
print(f"a step through the surrogate takes {ratio:.1f} times as long as one through the solver")

# %% [markdown]
# A misfit of one times the noise is as good as can be. The field that the surrogate found explains the readings
# when the solver checks it, and is nearly as close to the truth as the solver's own. But a step through the
# surrogate took many times as long: this equation is solved in a moment, and where there is a differentiable
# solver, use it. A surrogate is for the simulator that has no gradient, or takes an hour; one run of that
# simulator is then the check.
