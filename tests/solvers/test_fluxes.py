"""Fluxes at nodes: second order for smooth fields, balance, and their divergence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.conductances import conductances
from pde.solvers.elliptic import solve
from pde.solvers.fluxes import divergence_error, node_fluxes


def fields(n):
    """A smooth coefficient, the solution for a source of 1 and its fluxes, on a rectangle of sides 1 and 2."""
    x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 2, n), indexing="ij")
    spacing = 1 / (n - 1), 2 / (n - 1)
    with jax.enable_x64(True):
        a = jnp.asarray(2 + np.sin(3 * x) * np.cos(2 * y))
        u = solve(a, jnp.ones_like(a), spacing=spacing).solution
        return np.asarray(a), np.asarray(u), np.asarray(node_fluxes(conductances(a, spacing), u, spacing)), spacing


def test_fluxes_are_of_second_order_up_to_the_border():
    """For u = sin(pi x) sin(pi y / 2) and a = 2 + x y, whose fluxes and source are known."""

    def errors(n):
        x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 2, n), indexing="ij")
        a, sines, cosines = 2 + x * y, (np.sin(np.pi * x), np.sin(np.pi * y / 2)), np.cos(np.pi * x)
        along_x, along_y = np.pi * cosines * sines[1], np.pi / 2 * sines[0] * np.cos(np.pi * y / 2)
        source = 1.25 * np.pi**2 * a * sines[0] * sines[1] - y * along_x - x * along_y
        spacing = 1 / (n - 1), 2 / (n - 1)
        with jax.enable_x64(True):
            u = solve(jnp.asarray(a), jnp.asarray(source), spacing=spacing).solution
            found = node_fluxes(conductances(jnp.asarray(a), spacing), u, spacing, jnp.asarray(source))
        return np.abs(np.asarray(found) + np.stack([a * along_x, a * along_y], axis=-1)).max()

    assert errors(33) < 0.05
    assert errors(33) / errors(65) == pytest.approx(4, rel=0.1)


def test_what_the_source_gives_leaves_through_the_border():
    _, _, q, (dx, dy) = fields(65)
    outwards = (q[-1, :, 0] - q[0, :, 0])[1:-1].sum() * dy + (q[:, -1, 1] - q[:, 0, 1])[1:-1].sum() * dx
    corners = 4 * dx * dy / 4 * 1.0  # the cells of the corners hold nothing in the scheme
    edges = 2 * (63 * dx * dy / 2 + 63 * dx * dy / 2)
    inner = 63 * 63 * dx * dy
    assert outwards == pytest.approx(inner + edges, rel=1e-9)
    assert inner + edges + corners == pytest.approx(2.0)


def test_fluxes_vanish_where_the_border_runs_along_them():
    q = fields(17)[2]
    assert not q[:, [0, -1], 0].any()
    assert not q[[0, -1], :, 1].any()


def test_the_divergence_of_smooth_fluxes_is_the_source():
    coarse, fine = (divergence_error(each[2][None], each[3])[0] for each in map(fields, (33, 65)))
    assert fine < 0.02
    assert fine < coarse / 1.8
    _, _, q, spacing = fields(33)
    assert divergence_error(0 * q[None], spacing)[0] == 1
