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
# # 5. The solver: how exact, how fast
#
# The data of the other notebooks come from a finite-difference solver for
#
# $$-\nabla\cdot(a\,\nabla u) = f \quad\text{on } (0,1)^2,\qquad u = 0 \text{ on the border},$$
#
# with five points on nodes, in float64. An error of an operator means little below the error of its data, and a
# speed-up means nothing without the time of a good solver. This notebook measures both. It takes a minute on a
# laptop.

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
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse.linalg import spsolve

from pde import Darcy, plots, solve
from pde.equations.darcy.canonical import assemble
from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.solvers.conductances import conductances
from pde.system.timing import median_milliseconds

fine, grids = (33, [9, 17]) if SHORT else (241, [16, 31, 61, 121])
law = Darcy(fine)  # two phases, 12 and 3
sample, grid = law.sample(seed=0, index=0), law.grid

# %% [markdown]
# ## Convergence
#
# The scheme is of second order where coefficient and solution are smooth. This shows on a problem whose
# solution is known: choose $u$ and $a$, and let automatic differentiation find the source. A jump of the
# coefficient between the nodes costs one order.


# %%
def u(x, y):
    """The solution that is to be found."""
    return jnp.sin(jnp.pi * x) * jnp.sin(2 * jnp.pi * y)


def a(x, y):
    """A smooth coefficient."""
    return 2 + jnp.cos(3 * x) * jnp.sin(2 * y)


def source(x, y):
    """-div(a grad u)."""
    flux_x, flux_y = (lambda x, y, i=i: a(x, y) * jax.grad(u, i)(x, y) for i in (0, 1))
    return -(jax.grad(flux_x, 0)(x, y) + jax.grad(flux_y, 1)(x, y))


def on_nodes(function, n):
    """A function of a point, on n x n nodes."""
    x, y = jnp.meshgrid(*2 * [jnp.linspace(0, 1, n)], indexing="ij")
    return jax.vmap(jax.vmap(function))(x, y)


def smooth_error(n):
    """Relative L2 error of the discrete solution."""
    with jax.enable_x64(True):
        exact = on_nodes(u, n)
        found = solve(on_nodes(a, n), on_nodes(source, n), spacing=(1 / (n - 1), 1 / (n - 1))).solution
        return float(jnp.linalg.norm(found - exact) / jnp.linalg.norm(exact))


def jump_error(n):
    """Relative L2 error on strides of a two-phase sample, against the fine solution."""
    k = (fine - 1) // (n - 1)
    true = sample["solution"][::k, ::k]
    found = coarse_solve(sample["coefficient"], grid, k, "arithmetic")
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


errors = {
    "smooth coefficient": {n: smooth_error(n) for n in grids},
    "two phases, one sample": {n: jump_error(n) for n in grids},
}
figure = plots.errors_by_grid(references=errors)
for curve, order in zip(errors.values(), (2, 1), strict=True):
    slope = [curve[grids[0]] * ((grids[0] - 1) / (n - 1)) ** order for n in grids]
    figure.axes[0].plot(grids, slope, color="0.6", zorder=0)
    figure.axes[0].annotate(f"order {order}", (grids[1], slope[1]), xytext=(8, 8), textcoords="offset points")
figure

# %% [markdown]
# ## Speed
#
# The solver is multigrid inside conjugate gradients, compiled by JAX. Its iterations hardly depend on the grid,
# so its time grows with the number of nodes. A sparse direct solver, SuperLU of SciPy, needs more and more time
# for each node. Both are measured here, in this run, one sample at a time; read the ratio, because seconds
# depend on the machine.


# %%
def matrix(a):
    """The scheme as a sparse matrix of the inner nodes."""
    with jax.enable_x64(True):
        return assemble(conductances(jnp.asarray(a), 2 * (1 / (len(a) - 1),)))


compiled = jax.jit(solve, static_argnames="spacing")
print("nodes a side   iterations   distance of both   SuperLU's time over ours")
for n in [*grids[1:], fine]:
    field = sample["coefficient"][:: (fine - 1) // (n - 1), :: (fine - 1) // (n - 1)]
    one, h = np.ones_like(field), (1 / (n - 1), 1 / (n - 1))
    system, right = matrix(field), np.ones((n - 2) ** 2)
    ours = median_milliseconds(lambda f=field, b=one, h=h: jax.block_until_ready(compiled(f, b, spacing=h)))
    theirs = median_milliseconds(partial(spsolve, system, right))
    solved = compiled(field, one, spacing=h)
    direct = spsolve(system, right)
    inner = np.asarray(solved.solution)[1:-1, 1:-1].ravel()
    distance = np.linalg.norm(inner - direct) / np.linalg.norm(direct)
    print(f"{n:12} {int(solved.iterations):12} {distance:18.1e} {theirs / ours:26.1f}")
