"""Vectors and pseudoscalars: what flips and transposes do to them is what they do to derivatives."""

import jax.numpy as jnp
import numpy as np
import pytest

from pde.grids.kinds import Channels, Kinds, Quantity
from pde.grids.symmetries import GENERATORS, averaged, group
from pde.system.errors import InputError

EVERY = {1: ("flip-x",), 2: ("flip-x", "flip-y", "transpose"), 3: tuple(GENERATORS)}


def derivatives(fields):
    """A scalar, its gradient as a vector, and in the plane the curl of the vector (v, -u) as a pseudoscalar."""
    axes = tuple(range(1, fields.ndim - 1))
    gradients = [np.gradient(fields[..., 0], axis=axis) for axis in axes]
    if len(axes) == 2:
        one, other = fields[..., 0], fields[..., 1]
        gradients.append(np.gradient(one, axis=1) * np.gradient(other, axis=2))
        gradients[-1] -= np.gradient(one, axis=2) * np.gradient(other, axis=1)
    return np.stack([fields[..., 0], *gradients], axis=-1)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_symmetries_commute_with_derivatives(axes):
    """The gradient of an image is the image of the gradient, for all symmetries; so is grad a x grad b."""
    fields = np.random.default_rng(0).normal(size=(2, *[6] * axes, 2))
    kinds = Channels((tuple(range(1, 1 + axes)),), (3,) if axes == 2 else ())
    for symmetry in group(EVERY[axes]):
        image = derivatives(np.asarray(symmetry(jnp.asarray(fields))))
        there = symmetry(jnp.asarray(derivatives(fields)), kinds)
        np.testing.assert_allclose(there, image, atol=1e-6)
        np.testing.assert_allclose(symmetry.inverse(there, kinds), derivatives(fields), atol=1e-6)


def test_a_mean_over_symmetries_commutes_with_them():
    """Also where inputs and outputs are of other kinds, and the function has no symmetry of its own."""
    weights = jnp.asarray(np.random.default_rng(1).normal(size=(5, 5, 3, 4)), jnp.float32)
    fields = jnp.asarray(np.random.default_rng(2).normal(size=(2, 5, 5, 3)), jnp.float32)
    inputs, outputs = Channels(((1, 2),)), Channels(((0, 1),), (3,))

    def function(x):
        return jnp.einsum("bxyi,xyio->bxyo", x**3, weights)

    chosen = group(EVERY[2])
    mean = averaged(function, chosen, fields, inputs, outputs)
    for symmetry in chosen:
        image = averaged(function, chosen, symmetry(fields, inputs), inputs, outputs)
        np.testing.assert_allclose(image, symmetry(mean, outputs), atol=2e-5)


def test_quantities_are_scalars_and_whole_vectors():
    kinds = Kinds((("flux-x", "flux-y"), ("u", "v")))
    assert kinds.quantities(("flux-x", "pressure", "u", "flux-y", "v")) == (
        Quantity("flux", (0, 3), True),
        Quantity("pressure", (1,)),
        Quantity("u v", (2, 4), True),
    )
    assert kinds.channels(("", "u", "v")) == Channels(((1, 2),))


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (Kinds((("u",),)), "vector u: it needs a component for each of the 2 axes"),
        (Kinds((("u", "p"),)), "its components must all be inputs, or all be outputs"),
        (Kinds((("u", "v"),), ("u",)), "u is named twice among vectors and pseudoscalars"),
    ],
)
def test_kinds_that_do_not_fit_the_fields_are_refused(kinds, message):
    with pytest.raises(InputError, match=message):
        kinds.check(("a", "u", "v"), ("p",), 2)
