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
# # 2. Training operators
#
# Three neural operators learn the map from permeability to pressure of [the first
# notebook](01_generate_darcy.ipynb), on the same samples: **MANO**, attention in a multigrid cycle of levels;
# **FNO**, products in Fourier space; **ViT**, full attention of patches. Beside them stands a baseline that
# needs no training: the equation solved again on the operators' grid.
#
# It takes a few minutes on a laptop, of which much is compiling. That is enough to see curves fall and to
# compare costs, and too little for a ranking: tables from longer training, with seeds, are in docs/benchmarks.md.

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

import numpy as np

import pde
from manojax import MODELS
from pde import Darcy, TrainingConfig, evaluate, generate, history, plots, train
from pde.evaluation.baselines import coarse_baseline
from pde.reports.info import describe
from pde.reports.text import costs, table

work = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Data
#
# Solved once on 161 x 161 nodes, seen at 21 x 21: a stride of 8. Training and test samples have different
# seeds.

# %%
fine, trained = (21, 11) if SHORT else (161, 21)
generate(Darcy(fine), work / "train.h5", samples=20 if SHORT else 400, seed=0)
generate(Darcy(fine), work / "test.h5", samples=3 if SHORT else 30, seed=1)
test = pde.open(work / "test.h5")

# %% [markdown]
# ## Training
#
# One call trains a model into a folder. The last tenth of the training samples is held out: the full curves are
# the mean relative L2 error on it, the dotted ones the loss (relative H1, which counts the gradient too, so it
# is larger). In a notebook the figure below is drawn again after every epoch. On the command line this is
#
#     manojax train train.h5 --model mano --resolution 21 --epochs 15 --out mano

# %%
curves = plots.LiveCurves()
config = TrainingConfig(resolution=trained, epochs=2 if SHORT else 15)
for model in ("mano", "fno", "vit"):
    options = MODELS[model].Config(depth=1) if SHORT else None  # the model's defaults
    train(work / "train.h5", work / model, model=model, options=options, config=config, on_epoch=curves.of(model))

# %% [markdown]
# The numbers of these curves are kept in the run folder as well, a line for each epoch, and
# `plots.learning_curves` draws them again at any time:

# %%
history(work / "mano")[-1]

# %% [markdown]
# ## Errors, parameters and time
#
# `evaluate` runs a model on strides of a test file; here the training grid and one twice as fine. *Direct*
# gives it the fields on that grid; *resample* predicts on the training grid and interpolates. `coarse_baseline`
# solves the equation on the same grids.

# %%
grids = [trained] if SHORT else [trained, 2 * trained - 1]
surrogates = {model: pde.load(work / model) for model in ("mano", "fno", "vit")}
reports = [evaluate(surrogate, test, grids) for surrogate in surrogates.values()]
coarse = coarse_baseline(test, grids)
print(table(reports, coarse))

# %% [markdown]
# An error says little without its price. Both axes are logarithmic; lower and further left is better. Filled
# markers had to be trained, open ones need no training.

# %%
points = costs(reports, coarse)
models = {name: each for name, each in points.items() if "direct" in name}
solves = {name: each for name, each in points.items() if name.startswith("coarse")}
plots.errors_by_time(models, solves)

# %% [markdown]
# The open markers are the honest part of this figure. On the training grid the mean of two coarse solves, of the
# same strided coefficient, is more exact than all three operators and takes less time; upscaled faces are
# several times more exact still. Longer training brings operators level with the former and not with the latter
# (docs/benchmarks.md). Linear, symmetric problems with good solvers are where operators have least to offer;
# they are for equations without such solvers. What they can do with a solver inside is in [the next
# notebook](03_resolution_transfer.ipynb).
#
# ## A prediction, seen

# %%
stride = test.stride_to(trained)
grid = test.grid.strided(stride)
inputs, solution = test.read_inputs(slice(3), stride), test.read_outputs(slice(3), stride)
predictions = {model: surrogate.predict(inputs, grid) for model, surrogate in surrogates.items()}
shown = {model: predicted[0, ..., 0] for model, predicted in predictions.items()}
plots.sample_fields(inputs[0, ..., 0], solution[0, ..., 0], shown, grid)

# %% [markdown]
# Errors share one scale, and are largest along the interfaces of the coefficient: the operators do not know
# where between two points of the training grid an interface lies.
#
# ## Saving and loading
#
# There is nothing to save: the run folder holds everything that is needed. It can be copied and loaded
# elsewhere, and gives the same bits.

# %%
run = work / "mano"
print(*sorted(each.name for each in run.iterdir()), sep="\n")
print(describe(run))

# %%
again = pde.load(run).predict(inputs, grid)
print("same bits:", np.array_equal(again, predictions["mano"]))

# %% [markdown]
# Next: [the same weights on grids that they never saw](03_resolution_transfer.ipynb).
