import numpy as np
import pytest

from pde.grids.grid import Grid
from pde.system.errors import InputError

UNIT = (0.0, 1.0, 0.0, 1.0)


def nodes(height, width=None):
    return Grid((np.linspace(0, 1, height), np.linspace(0, 1, width or height)), domain=UNIT)


def centres(n):
    x = (np.arange(n) + 0.5) / n
    return Grid((x, x), domain=UNIT)


def test_a_stride_of_nodes_keeps_both_borders():
    grid = nodes(421)
    assert grid.on_nodes
    assert grid.stride_to(85) == 5
    assert grid.strided(5).x[-1] == 1.0
    assert grid.strided(5).on_nodes


def test_the_published_cell_centre_sets():
    """421 is prime, so the strides are (n-1)/(R-1): 85 and 211; true coordinates are kept."""
    grid = centres(421)
    assert not grid.on_nodes
    assert (grid.stride_to(85), grid.stride_to(211)) == (5, 2)
    np.testing.assert_array_equal(grid.strided(5).x, grid.x[::5])


def test_elsewhere_n_over_r_comes_first():
    """Points i/64: 32 of them are every second one, from index 0."""
    x = np.arange(64) / 64
    grid = Grid((x, x), domain=UNIT)
    assert grid.stride_to(32) == 2
    assert grid.strided(2).shape == (32, 32)
    np.testing.assert_array_equal(grid.strided(2).x, np.arange(32) / 32)


def test_a_stride_must_fit_both_axes_of_nodes():
    assert nodes(13, 9).resolutions() == [4, 7, 13]
    assert Grid((np.arange(13.0), np.arange(7.0))).resolutions() == [3, 4, 5, 7, 13]


@pytest.mark.parametrize(("resolution", "named"), [(50, "of 3 4 5 6 7 11 13 16 21 31 61"), (122, "61")])
def test_other_resolutions_are_refused_and_the_possible_ones_named(resolution, named):
    with pytest.raises(InputError, match=named):
        nodes(61).stride_to(resolution)


@pytest.mark.parametrize(
    ("x", "domain", "message"),
    [
        ([0.0, 0.5, 0.5], None, "strictly increasing"),
        ([0.0, np.nan, 1.0], None, "finite"),
        ([0.0], None, "at least 2"),
        ([0.0, 2.0], UNIT, "does not hold the points"),
    ],
)
def test_grids_that_make_no_sense_are_refused(x, domain, message):
    with pytest.raises(InputError, match=message):
        Grid((np.asarray(x), np.linspace(0, 1, 4)), domain=domain)


def test_one_and_three_axes():
    line = Grid((np.linspace(0, 1, 9),), (0.0, 1.0))
    assert (line.shape, str(line), line.resolutions()) == ((9,), "9", [3, 5, 9])
    block = Grid(
        (np.linspace(0, 1, 9), np.linspace(0, 2, 17), np.linspace(0, 1, 5)), (0.0, 1.0, 0.0, 2.0, 0.0, 1.0)
    )
    assert block.on_nodes
    assert block.resolutions() == [5, 9]  # a stride of four would leave two points of z
    assert str(block.strided(2)) == "5 x 9 x 3"
    assert block.of_resolution(17).shape == (17, 33, 9)
    assert np.ones(block.shape)[block.every(2)].shape == (5, 9, 3)
    again = Grid.from_json(block.to_json())
    assert again == block
    assert again.ends == ((0.0, 1.0), (0.0, 2.0), (0.0, 1.0))
    with pytest.raises(InputError, match="one to three axes"):
        Grid((np.arange(2.0),) * 4)
    with pytest.raises(InputError, match="domain 0 1 does not fit the axes; give x0 x1 y0 y1 z0 z1"):
        Grid(block.axes, (0.0, 1.0))


def test_json_brings_a_grid_back():
    grid = nodes(5, 4)
    again = Grid.from_json(grid.to_json())
    np.testing.assert_array_equal(again.x, grid.x)
    assert again.domain == grid.domain
    assert again.matches(grid)
    assert not again.matches(nodes(5, 5))


def test_points_match_to_a_thousandth_of_the_spacing_of_their_own_axis():
    x, y = np.arange(5.0), 1e-4 * np.arange(5)
    assert not Grid((x, y)).matches(Grid((x, y + 1e-4)))
    assert Grid((x, y)).matches(Grid((x, y + 1e-8)))


@pytest.mark.parametrize("of", [nodes, centres, lambda n: Grid((np.arange(n) / n, np.arange(n) / n), domain=UNIT)])
def test_other_numbers_of_points_are_placed_alike(of):
    grid = of(9)
    assert grid.of_shape((9, 9)) is grid
    for points in (5, 17):
        assert grid.of_resolution(points).matches(of(points))
        assert grid.of_shape((points, points)).matches(of(points))


def test_a_resolution_refines_both_axes_alike():
    grid = nodes(9, 17)
    assert grid.of_resolution(17).shape == (17, 33)
    assert grid.of_resolution(5).shape == (5, 9)
    with pytest.raises(InputError, match="resolution 17 does not divide all sides"):
        nodes(31, 18).of_resolution(17)
    with pytest.raises(InputError, match="resolution 0 does not divide"):
        grid.of_resolution(0)


def test_where_points_of_no_known_law_would_lie_is_not_known():
    """Uneven ones, those of no known domain, and strides of cell centres, which are no cell centres."""
    uneven = np.linspace(0, 1, 9) ** 2
    for grid in (Grid((uneven, uneven), domain=UNIT), Grid((np.linspace(0, 1, 9),) * 2), centres(421).strided(5)):
        assert grid.of_resolution(grid.shape[0]) is grid
        with pytest.raises(InputError, match="where other points lie is not known"):
            grid.of_resolution(17)


def test_a_resolution_that_the_domain_rules_out_is_told_to_be_there_without_it():
    grid = Grid((np.linspace(0, 1, 48), np.linspace(0, 1, 33)), domain=(0.0, 1.0, 0.0, 1.0))
    with pytest.raises(InputError, match=r"choose one of 48 .*without --boundary and --domain"):
        grid.stride_to(24)
    with pytest.raises(InputError, match=r"choose one of 48$"):
        grid.stride_to(25)


def ring(n, *others, start=0.0):
    """Points that go once around [0, 1), and further axes of nodes."""
    axes = (start + np.arange(n) / n, *(np.linspace(0, 1, m) for m in others))
    return Grid(axes, (0.0, 1.0) * len(axes), ("x",))


def test_a_periodic_axis_has_no_border_and_strides_that_divide_it():
    grid = ring(12)
    assert grid.periods == (1.0,)
    assert grid.resolutions() == [2, 3, 4, 6, 12]
    assert grid.strided(3) == ring(4)
    assert not grid.holds_borders.any()
    both = ring(12, 9)
    assert both.on_nodes  # the only borders are those along y
    assert both.resolutions() == [3, 6, 12]
    assert both.strided(4).shape == (3, 3)
    with pytest.raises(InputError, match="choose one of 3 6 12"):
        both.stride_to(4)


def test_points_around_a_ring_are_placed_alike():
    for start in (0.0, 0.5 / 12):
        grid = ring(12, start=start)
        finer = grid.of_resolution(24)
        assert finer.matches(ring(24, start=start / 2))
        assert finer.periodic == ("x",)
    assert ring(12, 9).of_resolution(24).shape == (24, 17)


def test_json_and_equality_know_periodic_axes():
    grid = ring(12, 9)
    assert Grid.from_json(grid.to_json()) == grid
    assert grid != Grid(grid.axes, grid.domain)
    axes = (np.arange(4) / 4, np.arange(4) / 4)
    assert Grid(axes, UNIT, ("y", "x")) == Grid(axes, UNIT, ("x", "y"))


@pytest.mark.parametrize(
    ("x", "domain", "periodic", "message"),
    [
        (np.arange(4) / 4, None, ("x",), "periodic x needs the domain as well: its period"),
        (np.arange(4) / 4, (0.0, 1.0), ("y",), "periodic y: the axes are x"),
        (
            np.linspace(0, 1, 5),
            (0.0, 1.0),
            ("x",),
            "5 points from 0 to 1 are not equally spaced around the period",
        ),
        (np.arange(4) / 4, (0.0, 2.0), ("x",), "not equally spaced around the period 0 to 2"),
    ],
)
def test_axes_that_do_not_go_around_are_refused(x, domain, periodic, message):
    with pytest.raises(InputError, match=message):
        Grid((x,), domain, periodic)
