"""Laws by name, or any function of the field: how they are chosen, checked and told in a file."""

from dataclasses import dataclass

import h5py
import jax.numpy as jnp
import numpy as np
import pytest

from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.random_fields.coefficients import choose
from pde.random_fields.laws import KPhase, LogNormal, TwoPhase
from pde.system.errors import InputError


def channels(g):
    return 1 + jnp.abs(jnp.sin(9 * g))


@dataclass(frozen=True)
class Power:
    exponent: int

    def __call__(self, g):
        return (2 + g) ** self.exponent


def test_a_function_of_the_field_is_a_law(tmp_path):
    """The file holds it of the same field as every law's, and names it."""
    problem = Darcy(resolution=9, coefficient=channels)
    generate(problem, tmp_path / "mine.h5", samples=2, seed=4)
    with h5py.File(tmp_path / "mine.h5") as file:
        mine = file["coefficient"][...]
        assert file.attrs["law"].startswith("a = tests.random_fields.test_coefficients.channels(g); g Gaussian")
    g = np.log([Darcy(resolution=9, coefficient=LogNormal(1.0)).sample(4, i)["coefficient"] for i in range(2)])
    np.testing.assert_allclose(mine, 1 + abs(np.sin(9 * g)), rtol=1e-6)
    assert Darcy(coefficient=Power(3)).attributes()["law"].startswith("a = Power(exponent=3); ")


def test_a_function_that_gives_no_coefficient_is_refused(tmp_path):
    def negative_later(g):
        return jnp.where(g[0, 0] < 0, g, 1.0)  # the corner of seed 0 is negative first in sample 2

    for law, named in ((negative_later, "sample 2"), (lambda g: 1 / (0 * g), "sample 0"), (jnp.log, "sample 0")):
        with pytest.raises(ArithmeticError, match=f"{named}: the coefficient .* positive and finite"):
            generate(Darcy(resolution=9, coefficient=law), tmp_path / "no.h5", samples=9, seed=0)
    with pytest.raises(InputError, match="a value for each point"):
        generate(Darcy(resolution=9, coefficient=jnp.mean), tmp_path / "no.h5", samples=1, seed=0)


def test_what_a_file_says_of_its_law():
    """The default's words are those of every file so far."""
    assert Darcy().attributes()["law"] == (
        "a = 12 where g >= 0, 3 where g < 0; g Gaussian, covariance tau^(2 alpha - 2) (-Laplace + tau^2)^(-alpha)"
        ", Neumann, alpha = 2, tau = 3, cosine series on nodes"
    )
    law = Darcy(coefficient="log-normal", log_scale=6.0, alpha=2.5, lengths=(1.0, 0.25)).attributes()["law"]
    assert law.startswith("a = exp(6 g); ")
    assert law.endswith("alpha = 2.5, tau = 3, lx = 1, ly = 0.25, cosine series on nodes")
    law = Darcy(coefficient="k-phase", phases=(1.0, 4.0, 12.5)).attributes()["law"]
    assert law.startswith("a = 1, 4, 12.5 in parts of equal area")


def test_options_make_the_law_of_their_name_or_are_refused():
    assert Darcy().law == TwoPhase()
    assert Darcy(contrast_low=4.0).law == TwoPhase(contrast_low=4.0)
    assert choose("k-phase", {"phases": (1.0, 2.0)}) == KPhase((1.0, 2.0))
    with pytest.raises(InputError, match="--log-scale belongs to a law with a name"):
        Darcy(coefficient=channels, log_scale=2.0)
