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
# # 3. Resolution transfer
#
# An operator is a map of functions, so it should run on a grid that it never saw: trained on 21 x 21 points,
# used on 161 x 161. Papers call this zero-shot super-resolution. Two questions decide whether it is worth
# anything:
#
# - Is it better than predicting on the training grid and **interpolating**? If not, the fine input was of no use.
# - Is it better than **solving the equation** on a coarse grid? That takes no training.
#
# This notebook trains four operators, asks both questions of each, and looks at where their errors lie.

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

import pde
from manojax import FNOConfig, MANOConfig
from pde import Darcy, TrainingConfig, evaluate, generate, history, plots, train
from pde.evaluation.baselines import coarse_baseline, errors_by_scheme

work = Path(tempfile.mkdtemp())

fine, trained = (11, 6) if SHORT else (161, 21)
factors = (1, 2) if SHORT else (1, 2, 4, 8)
grids = [factor * (trained - 1) + 1 for factor in factors]  # as many times finer
generate(Darcy(fine), work / "train.h5", samples=20 if SHORT else 400, seed=0)
generate(Darcy(fine), work / "test.h5", samples=3 if SHORT else 12, seed=1)
test = pde.open(work / "test.h5")

# %% [markdown]
# ## Four operators
#
# All are trained on a 21 x 21 stride of the samples, MANO at half its default depth to save time. They differ
# in their inputs:
#
# - **MANO** and **FNO** as they come: *held at the training grid*, they see any field through averages of a
#   fixed physical width around the 21 x 21 points, and splines carry the prediction to the requested points.
# - **MANO on each grid's points** (`View(filter_width=0)`): the usual way, which runs a network on any grid given.
# - **MANO, informed** (`View(informed="upscaled")`): it is also shown a coarse solution, with faces upscaled from
#   the fine coefficient, and learns to correct it. The solve is compiled into the model.

# %%
depth = 1 if SHORT else 2
small = MANOConfig(depth=depth, levels=2 if SHORT else None)
runs = {
    "MANO": ("mano", small, pde.View()),
    "FNO": ("fno", FNOConfig(depth=depth), pde.View()),
    "MANO on each grid's points": ("mano", small, pde.View(filter_width=0.0)),
    "MANO, informed": ("mano", small, pde.View(informed="upscaled")),
}
surrogates = {}
for name, (model, options, view) in runs.items():
    config = TrainingConfig(resolution=trained, epochs=1 if SHORT else 12, view=view)
    train(work / "train.h5", work / name, model=model, options=options, config=config)
    surrogates[name] = pde.load(work / name)
    print(f"{name}: {history(work / name)[-1]['validation']['relative_l2']:.4f}")

# %%
reports = {name: evaluate(each, test, grids) for name, each in surrogates.items()}
coarse = coarse_baseline(test, grids)
solves = errors_by_scheme(coarse)

# %% [markdown]
# ## Direct beside resample beside the coarse solve
#
# The grey line is the training grid; full lines are direct predictions, dashed lines are interpolated from the
# training grid.

# %%
held = {name: reports[name] for name in ("MANO", "FNO")}
kinds = {name: solves[name] for name in solves if "mean" in name or "upscaled" in name}
plots.errors_by_grid(held, kinds)

# %% [markdown]
# Direct is below resample for both: the fine coefficient, averaged around the training grid's points, tells
# more than its values at these points do. So the answer to the first question is yes. The answer to the second
# is no: on every finer grid the mean of two coarse solves, which has no parameters and saw no data, is far
# below both. An operator stays where its training grid left it; a solver gains with every refinement.
#
# ## What goes wrong without care
#
# The same MANO, trained the same way, but run on each grid's own points:

# %%
plots.errors_by_grid({name: reports[name] for name in ("MANO", "MANO on each grid's points")}, kinds)

# %%
stride = test.stride_to(grids[-1])
finest = test.grid.strided(stride)
inputs, solution = test.read_inputs(), test.read_outputs(stride=stride)[..., 0]
direct = {name: each.predict(inputs, test.grid, finest)[..., 0] for name, each in surrogates.items()}
some = ("MANO", "MANO on each grid's points")
plots.sample_fields(
    inputs[0, ::stride, ::stride, 0], solution[0], {name: direct[name][0] for name in some}, finest
)

# %% [markdown]
# On its training grid this model is as good. On finer ones it is worthless, though nothing in it refuses the
# grid: a window of attention is a fixed number of *points* wide, and so is a convolution's kernel. On a grid
# eight times finer a window of two points covers an eighth of the length it had in training, and each level of
# the hierarchy stands for another scale than its weights have learned. An error that is **smooth and large**
# like this cannot be seen in a loss curve, nor on the training grid.

# %%
for n in grids:
    width = (grids[0] - 1) / (n - 1)
    print(f"{n:4} points a side: a window of 2 points is {width:.3f} times as wide as in training")

# %% [markdown]
# ## Error by Fourier band, and where on the field
#
# The figure shows energy by wave number on the finest grid. A prediction can be right where its error (dashed)
# lies below the solution (black). To the right of the grey line the training grid has no waves at all: a
# correct prediction there comes from splines and from averages of the fine coefficient.

# %%
names = ("MANO", "MANO on each grid's points", "MANO, informed")
plots.spectra(solution, {name: direct[name] for name in names}, trained=trained)

# %% [markdown]
# The next figure has the errors in three bands, and by place: on the border, within two cells of an interface
# of the coefficient, elsewhere.

# %%
row = -1
shown = {
    "MANO, direct": reports["MANO"]["rows"][row]["direct"],
    "MANO, resample": reports["MANO"]["rows"][row]["resample"],
    "FNO, direct": reports["FNO"]["rows"][row]["direct"],
    "MANO, informed, direct": reports["MANO, informed"]["rows"][row]["direct"],
    "MANO, informed, resample": reports["MANO, informed"]["rows"][row]["resample"],
}
plots.error_breakdown(shown)

# %% [markdown]
# Most of an error is in long waves: the level of the whole field, which depends on every interface. Near
# interfaces it is larger than elsewhere by a factor, not by orders.
#
# ## Operators that see the fine coefficient
#
# Striding throws away information that decides the answer, so the best remedy is not to stride. The informed
# MANO is shown the solution of a coarse problem whose faces were upscaled from the fine coefficient, and
# corrects it.

# %%
plots.errors_by_grid({name: reports[name] for name in ("MANO", "MANO, informed")}, kinds)

# %% [markdown]
# On its training grid it is better than the coarse solve that it was shown, and several times better than the
# operators without such a solve. It is the one operator here that beats a plain baseline, and it does so with
# that baseline inside. Its direct predictions stay far below its interpolated ones, which cannot show the kinks
# between 21 x 21 points.
#
# On finer grids ask the second question again: the upscaled solve gains with every refinement, while the
# correction, learned for the errors of 21 x 21 nodes, soon does more harm than good. `restriction="means"`
# stands between the two kinds: it shows cell means of the fine coefficient, without a solver.
#
# Next: [your own arrays](04_your_own_data.ipynb).
