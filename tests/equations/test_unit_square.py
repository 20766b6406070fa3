"""A law on the unit square: what a short class of a user's own gets from it."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pde
from pde.equations.unit_square import UnitSquare
from pde.grids.outputs import outputs_of
from pde.solvers.on_grid import solve_on
from pde.solvers.residual import relative_residual
from pde.system.errors import InputError


class Decay(UnitSquare):
    """u = a f without any neighbours, for a factor and a field."""

    inputs = ("forcing", "factor")
    formula = "u / a = f"

    def draw(self, key):
        assert jnp.zeros(()).dtype == jnp.float64
        factor, forcing = jax.random.split(key)
        shape = self.grid.shape
        return {
            "factor": jnp.full(shape, jax.random.uniform(factor)),
            "forcing": jax.random.normal(forcing, shape),
        }

    @staticmethod
    def solve(forcing, factor, grid):
        return np.pad((factor * forcing)[1:-1, 1:-1], 1)

    @staticmethod
    def residual(forcing, factor, solution, grid):
        left = (solution / factor - forcing)[:, 1:-1, 1:-1]
        return np.linalg.norm(left, axis=(1, 2)) / np.linalg.norm(forcing[:, 1:-1, 1:-1], axis=(1, 2))


@dataclass(frozen=True)
class Rough(Decay):
    height: float = 2.0
    """Factor of the solution."""

    def draw(self, key):
        return {name: self.height * field for name, field in super().draw(key).items()}


def test_inputs_come_in_the_order_of_the_law():
    [sample] = Decay(resolution=5).samples(0, range(3, 4))
    np.testing.assert_array_equal(
        sample["solution"][1:-1, 1:-1], (sample["factor"] * sample["forcing"])[1:-1, 1:-1]
    )
    assert not sample["solution"][0].any()
    assert sample["residual"] < 1e-15
    later = list(Decay(resolution=5).samples(0, range(2, 5)))[1]
    for name, field in sample.items():
        np.testing.assert_array_equal(field, later[name])


def test_a_file_records_the_law_with_its_options(tmp_path):
    pde.generate(Rough(resolution=5, height=3.0), tmp_path / "a.h5", samples=1, seed=0)
    assert Rough(resolution=5, height=3.0).attributes() == {
        "equation": "u / a = f on the unit square, u = 0 on the border",
        "law": "Rough(resolution=5, height=3.0)",
    }
    assert pde.open(tmp_path / "a.h5").inputs == ("forcing", "factor")
    with pytest.raises(pde.InputError, match="height"):
        pde.generate(Rough(resolution=5), tmp_path / "a.h5", samples=2, seed=0, resume=True)


def test_its_equation_solves_any_grid_with_a_zero_border():
    equation = Rough.equation(scaling={"forcing": 1.0, "factor": 1.0})
    assert (equation.inputs, equation.formula, dict(equation.fine)) == (("forcing", "factor"), "u / a = f", {})
    assert equation.assumed == "its inputs are assumed to be forcing, factor"
    grid = pde.Grid((np.linspace(0, 1, 9), np.linspace(0, 2, 5)), domain=(0.0, 1.0, 0.0, 2.0))
    fields = np.random.default_rng(0).uniform(1, 2, size=(2, 9, 5))
    equation.check(fields[None, 0], fields[None, 1], grid)
    solved = equation.solve("strided", list(fields), grid, 2)
    np.testing.assert_array_equal(
        solved[..., 0], Rough.solve(fields[0, ::2, ::2], fields[1, ::2, ::2], grid.strided(2))
    )
    equation.check_outputs(outputs_of(("solution",), "zero", 2))
    with pytest.raises(pde.InputError, match="zero on the border"):
        equation.check_outputs(outputs_of(("solution",), "unknown", 2))


def test_inputs_that_the_law_does_not_name_are_refused():
    class Other(Decay):
        inputs = ("source", "factor")

    with pytest.raises(pde.InputError, match=r"draw returns factor, forcing; its inputs are source, factor"):
        next(Other(resolution=5).samples(0, range(1)))


def test_solutions_that_float32_does_not_hold_are_refused_with_advice():
    class Tiny(Rough):
        larger = "raise --height"

    with pytest.raises(ArithmeticError, match="sample 2: the solution is too small for float32; raise --height"):
        next(Tiny(resolution=5, height=1e-30).samples(0, range(2, 3)))


def test_less_than_one_inner_node_is_refused():
    with pytest.raises(pde.InputError, match="--resolution 2 must be at least 3"):
        Decay(resolution=2)


class Around(UnitSquare):
    """-div(a grad u) + 10 u = f, periodic along one axis."""

    inputs = ("coefficient", "forcing")
    formula = "-div(a grad u) + 10 u = f"
    periodic = ("y",)

    def draw(self, key):
        a, f = jax.random.normal(key, (2, *self.grid.shape))
        return {"coefficient": jnp.exp(a), "forcing": f}

    @staticmethod
    def solve(coefficient, forcing, grid):
        return solve_on(grid, coefficient, forcing, reaction=10.0)

    @staticmethod
    def residual(coefficient, forcing, solution, grid):
        return relative_residual(coefficient, solution, grid, source=forcing, reaction=10.0)


def test_a_law_may_be_periodic_along_an_axis():
    law, equation = Around(resolution=12), Around.equation()
    assert (law.grid.shape, law.grid.rings, law.outputs[0].borders) == (
        (12, 12),
        (False, True),
        ("zero", "unknown"),
    )
    [sample] = law.samples(0, range(1))
    assert sample["residual"] < 1e-9
    assert not sample["solution"][[0, -1]].any()
    assert sample["solution"][1:-1, 0].all()
    assert "periodic along y, u = 0 on the border" in law.attributes()["equation"]
    moved = {name: np.roll(sample[name], 3, axis=1) for name in law.inputs}
    around = law.solve(*moved.values(), law.grid)
    np.testing.assert_allclose(around, np.roll(sample["solution"], 3, axis=1), rtol=0, atol=1e-8)
    fields = [sample[name][None] for name in law.inputs]
    equation.check(*fields, law.grid)
    with pytest.raises(InputError, match="the equation is periodic along y; say so of the grid"):
        equation.check(*fields, Decay(resolution=12).grid)
    with pytest.raises(InputError, match="the equation has no periodic axes"):
        Decay.equation().check(*fields, law.grid)


def test_an_odd_number_of_points_around_an_axis_is_refused():
    with pytest.raises(InputError, match="13 points around periodic axis 2: the solver needs an even number"):
        list(Around(resolution=13).samples(0, range(1)))
