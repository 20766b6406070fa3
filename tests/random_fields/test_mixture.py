"""A mixture is drawn from its ranges, sample by sample, and each draw is one of the laws with names.

Seeds are fixed; tolerances are three standard errors where nothing else is said.
"""

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.random_fields.gaussian import gaussian_field
from pde.random_fields.laws import KPhase, LogNormal
from pde.random_fields.mixture import Mixture
from pde.system.errors import InputError

COUNT = 600


def draws(mixture, count=COUNT, n=17):
    """A field of tau 3, the drawn values of tau, and the coefficients that all draws make of this field."""
    with jax.enable_x64(True):
        g = gaussian_field(jax.random.key(5), (n, n), alpha=2.0, tau=3.0)

        def draw(key):
            tau, law = mixture.draw(key)
            return tau, law(g)

        taus, a = jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(0), count))
        return np.asarray(g), np.asarray(taus), np.asarray(a)


def uniform(values, low, high):
    """Whether the values lie in the range, and their mean and deviation are those of uniform numbers."""
    assert low <= values.min()
    assert values.max() <= high
    middle, deviation = (low + high) / 2, (high - low) / 12**0.5
    assert abs(values.mean() - middle) < 3 * deviation / len(values) ** 0.5
    assert abs(values.std() / deviation - 1) < 3 / len(values) ** 0.5


def test_every_number_is_drawn_from_its_range():
    g, taus, a = draws(
        Mixture(contrasts=(2.0, 50.0), phase_counts=(2, 4), log_scales=(1.0, 6.0), taus=(2.0, 10.0))
    )
    uniform(np.log(taus), np.log(2), np.log(10))
    values = [np.unique(each) for each in a]
    phases = [each for each in values if len(each) <= 4]
    assert abs(len(phases) / COUNT - 0.5) < 3 * 0.5 / COUNT**0.5
    counts = np.array([len(each) for each in phases])
    for count in (2, 3, 4):
        assert abs((counts == count).mean() - 1 / 3) < 3 * (2 / 9 / len(counts)) ** 0.5
    uniform(np.log([each[-1] / each[0] for each in phases]), np.log(2), np.log(50))
    for each in phases:
        np.testing.assert_allclose(np.diff(np.log(each)), np.log(each[-1] / each[0]) / (len(each) - 1))
        np.testing.assert_allclose(each[0] * each[-1], 1)
    smooth = np.log([each for each, kinds in zip(a, values, strict=True) if len(kinds) > 4])
    scales = smooth[:, 3, 4] / g[3, 4]
    np.testing.assert_allclose(smooth, scales[:, None, None] * g, rtol=1e-10)
    uniform(scales, 1, 6)


def test_draws_of_narrow_ranges_are_the_laws_with_names():
    g, _, a = draws(Mixture(contrasts=(16.0, 16.0), phase_counts=(3, 3), log_scales=(2.0, 2.0)), count=20)
    with jax.enable_x64(True):
        laws = [np.asarray(law(jnp.asarray(g))) for law in (KPhase((0.25, 1.0, 4.0)), LogNormal(2.0))]
    found = [np.argmin([abs(each - law).max() for law in laws]) for each in a]
    assert set(found) == {0, 1}
    for each, place in zip(a, found, strict=True):
        np.testing.assert_allclose(each, laws[place], rtol=1e-12)


@pytest.mark.slow
def test_a_larger_tau_makes_shorter_structures():
    """Sample for sample the same random numbers: the boundaries of two phases are longer."""
    lengths = {}
    for tau in (2.0, 20.0):
        problem = Darcy(
            resolution=65, coefficient="mixture", phase_counts=(2, 2), contrasts=(4.0, 4.0), taus=(tau, tau)
        )
        a = np.stack([each["coefficient"] for each in problem.samples(0, range(12))])
        kinds = np.array([len(np.unique(each)) == 2 for each in a])
        assert kinds.any()
        lengths[tau] = (np.diff(a[kinds], axis=1) != 0).mean()
    assert lengths[20.0] > 2 * lengths[2.0]


def test_a_file_states_the_ranges_and_keeps_the_bits(tmp_path):
    problem = Darcy(resolution=17, coefficient="mixture", contrasts=(3.0, 30.0))
    for name, samples in (("few", 3), ("more", 5)):
        generate(problem, tmp_path / f"{name}.h5", samples=samples, seed=4)
    with h5py.File(tmp_path / "few.h5") as few, h5py.File(tmp_path / "more.h5") as more:
        np.testing.assert_array_equal(few["coefficient"][:], more["coefficient"][:3])
        law = few.attrs["law"]
    assert "r from 3 to 30, k from 2 to 4, s from 1 to 6, tau from 2 to 10" in law
    assert "tau =" not in law


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contrasts": (5.0, 2.0)}, "--contrasts 5 2: give the lower end first"),
        ({"taus": (0.0, 2.0)}, "--taus 0.0 2.0 must be positive"),
        ({"phase_counts": (1, 3)}, "--phase-counts must begin at 2 or more, not at 1"),
        ({"tau": 4.0}, "--taus for the range of a mixture"),
        ({"log_scale": 4.0}, "--log-scale belongs to --coefficient log-normal"),
    ],
)
def test_bad_ranges_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Darcy(coefficient="mixture", **options)
