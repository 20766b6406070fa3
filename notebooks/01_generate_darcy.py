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
# # 1. Darcy flow: where the data come from
#
# Pressure $u$ in a porous medium of permeability $a$, driven by a source of one everywhere:
#
# $$-\nabla\cdot(a\,\nabla u) = 1 \quad\text{on } (0,1)^2,\qquad u = 0 \text{ on the border}.$$
#
# Neural operators learn the map $a \mapsto u$. This notebook makes the samples that they learn from, and shows
# what is in them: which coefficients there are, what a coarse grid keeps of them, and which files the library
# reads. It trains nothing, and takes a minute on a laptop. [Another notebook](05_solver.ipynb) shows how exact and
# how fast the solver is.

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
from pathlib import Path

import h5py
import jax.numpy as jnp
import numpy as np
import scipy

import pde
from pde import Darcy, generate, plots, solve
from pde.evaluation.baselines import coarse_baseline, errors_by_scheme
from pde.reports.info import describe

work = Path(tempfile.mkdtemp())
fine = 33 if SHORT else 241

# %% [markdown]
# ## Laws of the coefficient
#
# Every coefficient is a function of a smooth Gaussian random field $g$. The benchmark of the literature is
# `two-phase`: 12 where $g \ge 0$ and 3 elsewhere. `k-phase` cuts the field into parts of equal area, `log-normal`
# is $e^{s g}$, and any function of $g$ will do: here a good conductor in a thin band where $g$ is zero.


# %%
def channels(g):
    """A hundred in a thin band around the zeros of the field, one elsewhere."""
    return jnp.where(jnp.abs(g) < 0.03, 100.0, 1.0)


laws = {
    "two-phase, 12 and 3": Darcy(fine),
    "k-phase, 1, 4 and 12": Darcy(fine, coefficient="k-phase", phases=(1.0, 4.0, 12.0)),
    "log-normal, log10 a": Darcy(fine, coefficient="log-normal", log_scale=6.0),
    "a function of ours, log10 a": Darcy(fine, coefficient=channels),
}
samples = {name: law.sample(seed=0, index=0) for name, law in laws.items()}
shown = {
    name: np.log10(each["coefficient"]) if "log10" in name else each["coefficient"]
    for name, each in samples.items()
}
grid = laws["two-phase, 12 and 3"].grid
plots.fields(shown, grid)

# %% [markdown]
# All four have one seed, so they show one field $g$ under four laws. The solutions have no jumps: diffusion
# smooths them, and an interface leaves only a kink.

# %%
plots.fields({f"solution, {name.split(',')[0]}": each["solution"] for name, each in samples.items()}, grid)

# %% [markdown]
# ## One fine solve and its strides
#
# A sample is solved **once**, on the fine grid. A data set of resolution $R$ holds every $k$-th node of that
# solution, never the solution of the equation on $R$ nodes. All strides of a sample then belong to the same
# truth, and two grids differ only in how much they see of it.

# %%
sample = samples["two-phase, 12 and 3"]
strides = [(fine - 1) // (n - 1) for n in ((17, 9, 5) if SHORT else (61, 31, 16))]
views = {"{} x {} nodes".format(*grid.strided(k).shape): sample["coefficient"][::k, ::k] for k in [1, *strides]}
plots.fields(views, [grid.strided(k) for k in [1, *strides]], shared=True)

# %% [markdown]
# ## What striding loses
#
# Points that are left out may decide the answer. Below, a tight fence runs around the middle, between the nodes
# of the strided grid. The strided coefficients with and without it are **equal**, so any method that sees these
# alone gives the same answer twice, however well it was trained. The solutions differ by more than their size.

# %%
stride = strides[1]
low, high = (fine // 4) // stride * stride, (3 * fine // 4) // stride * stride  # strided nodes
fence = np.zeros((fine, fine), bool)
for first in (low, high):
    between = slice(first + 1, first + stride)
    fence[between, low + 1 : high + stride] = fence[low + 1 : high + stride, between] = True
without = np.full((fine, fine), 12.0)
fenced = np.where(fence, 0.05, without)
assert np.array_equal(without[::stride, ::stride], fenced[::stride, ::stride])

spacing = (1 / (fine - 1), 1 / (fine - 1))
pair = [np.asarray(solve(a, np.ones_like(a), spacing=spacing).solution) for a in (without, fenced)]
print("same coefficient on", grid.strided(stride).shape, "nodes")
print(f"largest u: {pair[0].max():.4f} without the fence, {pair[1].max():.4f} with it")
plots.fields({"coefficient with a fence": fenced, "u without it": pair[0], "u with it": pair[1]}, grid)

# %% [markdown]
# The random fields of the benchmark are kinder, but they have interfaces between the nodes too. The loss shows
# when the equation is solved again on a strided coefficient. **This coarse solve is the plain baseline** that a
# surrogate on that grid must beat, and it comes in four kinds: faces between two nodes take the arithmetic or
# the harmonic mean of both; the mean of these two solutions, which err to opposite sides; and faces *upscaled*
# from the fine coefficient, for those who have it.

# %%
test = work / "test.h5"
generate(Darcy(fine), test, samples=3 if SHORT else 20, seed=1)
data = pde.open(test)
grids = [9, 17] if SHORT else [16, 31, 61, 121]
solves = errors_by_scheme(coarse_baseline(data, grids))
plots.errors_by_grid(references=solves)

# %% [markdown]
# On 31 nodes a side the better solves of the strided coefficient are off by one per cent, and the upscaled one
# by less than half of that. Keep these numbers in mind: an operator that sees 31 x 31 points and claims 1 % has
# done what an ordinary solver does in a few milliseconds.

# %% [markdown]
# ## Writing a data set, and what is in it
#
# `generate` writes HDF5, sample by sample: float32 fields, true coordinates, and beside each sample the
# residual that its solve attained. The same seed gives the same samples. On the command line:
#
#     manojax generate darcy.h5 --resolution 241 --splits train=1000,test=200
#     manojax info darcy-test.h5

# %%
print(describe(test))

# %%
with h5py.File(test) as file:
    for name, stored in file.items():
        print(f"{name:12} {stored.shape!s:16} {stored.dtype}")
    print({name: value for name, value in file.attrs.items() if not name.startswith("version")})

data = pde.open(test)
print("largest residual:", data.read_residual().max())
print("strides lead to", data.grid.resolutions(), "points a side")

# %% [markdown]
# ## Files of others
#
# Every function that takes a data file takes these formats as well, and recognises them by their content: the
# `.mat` files of Li et al., PDEBench's HDF5 and neuraloperator's `.pt`. They differ in where their points are,
# which matters as soon as something is drawn or differentiated. To show this without a download, here are small
# files of each format.

# %%
cells = (np.arange(32) + 0.5) / 32
inside = Darcy(32, canonical=True).sample(seed=0, index=0)  # on cell centres, by the procedure of Li et al.
a_32, u_32 = inside["coefficient"][None], inside["solution"][None]

scipy.io.savemat(work / "li.mat", {"coeff": a_32, "sol": u_32})

with h5py.File(work / "pdebench.hdf5", "w") as file:
    file["nu"], file["tensor"] = a_32.astype(np.float32), u_32[:, None].astype(np.float32)
    file["x-coordinate"], file["y-coordinate"] = cells, cells
    file.attrs["beta"] = 1.0

written = ["li.mat", "pdebench.hdf5"]
if importlib.util.find_spec("torch") is not None:  # their .pt is read without torch, but written with it
    import torch

    torch.save({"x": torch.tensor(a_32 > 6), "y": torch.tensor(u_32).float()}, work / "neuraloperator.pt")
    written.append("neuraloperator.pt")

for name in written:
    found = pde.open(work / name)
    print(f"{found.format:16} {found.samples} sample, x from {found.grid.x[0]:.4f} to {found.grid.x[-1]:.4f}")

# %%
opened = [pde.open(work / name) for name in written]
plots.fields(
    {f"coefficient, {each.format}": each.read("coefficient")[0] for each in opened}, [each.grid for each in opened]
)

# %% [markdown]
# `manojax convert li.mat li.h5` turns any of them into our format, which is read piece by piece.
#
# Next: [train operators on such data](02_train_operators.ipynb).
