import jax.numpy as jnp
import numpy as np
import pytest

from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.grids.grid import Grid
from pde.grids.symmetries import averaged, generators, group, transformed

NODES, CELLS = np.linspace(0, 1, 9), (np.arange(8) + 0.5) / 8


def symmetries(*grids):
    return group(generators(*grids))


def square(x, y, domain=(0.0, 1.0, 0.0, 1.0)):
    return Grid((x, y), domain=domain)


@pytest.mark.parametrize(
    ("grid", "count"),
    [
        (square(NODES, NODES), 8),
        (square(CELLS, CELLS), 8),
        (square(np.arange(8) / 8, np.arange(8) / 8), 2),  # the transpose alone
        (square(NODES, np.linspace(0, 2, 9), (0.0, 1.0, 0.0, 2.0)), 4),
        (square(NODES, np.linspace(0, 1, 17)), 4),
        (square(NODES**2, NODES), 2),
        (square(NODES**2, np.arange(8) / 8), 1),
        (square(NODES + 3, NODES - 5, (3.0, 4.0, -5.0, -4.0)), 8),
    ],
)
def test_a_grid_has_the_symmetries_that_map_its_points_onto_themselves(grid, count):
    found = symmetries(grid)
    assert len(found) == count
    fields = jnp.arange(1.0 * grid.shape[0] * grid.shape[1]).reshape(1, *grid.shape, 1)
    images = {np.asarray(symmetry(fields)).tobytes() for symmetry in found}
    assert len(images) == count
    np.testing.assert_array_equal(found[0](fields), fields)


@pytest.mark.parametrize(
    ("axes", "count"),
    [
        ((NODES,), 2),
        ((NODES**2,), 1),
        ((NODES, NODES, NODES), 48),
        ((NODES, CELLS, NODES), 16),  # the flips, and x and z trade places
        ((NODES**2, NODES, NODES**2), 4),
    ],
)
def test_on_one_and_three_axes(axes, count):
    found = symmetries(Grid(axes, domain=(0.0, 1.0) * len(axes)))
    fields = jnp.arange(1.0 * np.prod([len(axis) for axis in axes])).reshape(1, *map(len, axes), 1)
    images = {np.asarray(symmetry(fields)).tobytes() for symmetry in found}
    assert len(found) == len(images) == count
    np.testing.assert_array_equal(found[0](fields), fields)
    for one in found:
        np.testing.assert_array_equal(one.inverse(one(fields)), fields)
        assert {np.asarray(other(one(fields))).tobytes() for other in found} == images  # a group


def test_several_grids_share_what_all_of_them_have():
    quarter_turns = square(NODES, NODES)
    assert len(symmetries(quarter_turns, square(np.arange(8) / 8, np.arange(8) / 8))) == 2
    assert symmetries(quarter_turns, quarter_turns.strided(2)) == symmetries(quarter_turns)


def test_darcy_solutions_have_all_eight():
    grid = square(NODES, NODES)
    a = next(Darcy(resolution=9).samples(0, range(1)))["coefficient"]
    u = solve_darcy(a, grid)
    for symmetry in symmetries(grid):
        turned = np.asarray(symmetry(jnp.asarray(a, jnp.float32)[None, ..., None]), np.float64)[0, ..., 0]
        expected = symmetry(jnp.asarray(u, jnp.float32)[None, ..., None])[0, ..., 0]
        np.testing.assert_allclose(solve_darcy(turned, grid), expected, rtol=1e-5, atol=1e-9)


def test_a_traced_number_chooses_one():
    fields = jnp.arange(162.0).reshape(2, 9, 9, 1)
    found = symmetries(square(NODES, NODES))
    for number, symmetry in enumerate(found):
        np.testing.assert_array_equal(transformed(found, jnp.int32(number), fields), symmetry(fields))


def test_an_inverse_brings_back_what_was_turned():
    fields = jnp.arange(2.0 * 9 * 9).reshape(2, 9, 9, 1)
    for symmetry in symmetries(square(NODES, NODES)):
        np.testing.assert_array_equal(symmetry.inverse(symmetry(fields)), fields)


def test_an_average_over_a_group_commutes_with_it():
    """Multiplying by the place along one axis commutes with none but one of the eight; its average with all."""
    chosen = symmetries(square(NODES, NODES))
    fields = jnp.asarray(np.random.default_rng(0).normal(size=(2, 9, 9, 1)), jnp.float32)

    def average(fields):
        return averaged(
            lambda each: each * jnp.asarray(NODES, jnp.float32)[None, :, None, None] ** 2, chosen, fields
        )

    weights = (NODES**2 + (1 - NODES) ** 2) / 4
    expected = fields * (weights[:, None] + weights[None, :])[None, ..., None]
    np.testing.assert_allclose(average(fields), expected, rtol=1e-5)
    for symmetry in chosen:
        np.testing.assert_allclose(average(symmetry(fields)), symmetry(average(fields)), rtol=1e-5)
