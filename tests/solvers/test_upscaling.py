"""Conductances of faces between coarse nodes, upscaled from the fine coefficient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.solvers.conductances import conductances, divergence
from pde.solvers.upscaling import upscale


def upscaled(coefficient, stride, spacing):
    with jax.enable_x64(True):
        return upscale(jnp.asarray(coefficient), stride, spacing)


def test_a_stride_of_one_gives_the_fine_conductances():
    a, spacing = np.exp(np.random.default_rng(0).normal(size=(9, 12))), (0.1, 0.3)
    with jax.enable_x64(True):
        fine = conductances(jnp.asarray(a), spacing)
    for found, expected in zip(upscaled(a, 1, spacing).along, fine.along, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
def test_across_layers_they_conduct_in_series(stride):
    """u' = q / a solves (a u')' = 0: fluxes of the fine solution, strided, balance at each coarse node."""
    nodes, h = 4 * stride + 1, 0.01
    layers = np.exp(np.random.default_rng(stride).normal(size=nodes))
    u = np.concatenate([[0.0], np.cumsum(h * 2 / (layers[1:] + layers[:-1]))])  # flux 1
    c = upscaled(np.repeat(layers[:, None], 3 * stride + 1, axis=1), stride, (h, 2 * h))
    drop = np.diff(u[::stride])[:, None]
    np.testing.assert_allclose(np.asarray(c.along[0]) * drop * (stride * h), 1, rtol=1e-13)
    field = np.repeat(u[::stride, None], 4, axis=1)
    with jax.enable_x64(True):
        np.testing.assert_allclose(divergence(c, jnp.asarray(field)), 0, atol=1e-11 / h)


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
def test_along_layers_they_conduct_in_parallel(stride):
    """A linear u has through a dual cell the flux of a's mean across it, a constant on each fine dual cell; those
    at the ends of an even stride are cut in half.
    """
    nodes, h = 4 * stride + 1, 0.01
    layers = np.exp(np.random.default_rng(stride).normal(size=nodes))
    c = upscaled(np.repeat(layers[None, :], 3 * stride + 1, axis=0), stride, (2 * h, h))
    halves = np.repeat(layers, 2)  # half a fine cell to either side of each node
    centres = 2 * stride * np.arange(1, 4) + 1  # between the two halves of a coarse node
    integrals = [halves[i - stride : i + stride].mean() for i in centres]
    scaled = np.asarray(c.along[0]) * (stride * 2 * h) ** 2
    np.testing.assert_allclose(scaled, np.tile(integrals, (3, 1)), rtol=1e-13)


def test_both_axes_are_treated_alike():
    a = np.exp(np.random.default_rng(0).normal(size=(13, 19)))
    c, transposed = upscaled(a, 3, (0.1, 0.2)), upscaled(a.T, 3, (0.2, 0.1))
    np.testing.assert_allclose(c.along[1], transposed.along[0].T, rtol=1e-14)
