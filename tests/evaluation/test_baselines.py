import h5py
import numpy as np
import pytest

from pde.data import datasets
from pde.data.generate import generate
from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.equations.darcy.problem import Darcy
from pde.evaluation.baselines import coarse_baseline, errors_by_scheme
from pde.metrics import sample_errors


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six samples on 49 x 49 nodes."""
    path = tmp_path_factory.mktemp("coarse") / "darcy.h5"
    generate(Darcy(resolution=49), path, samples=6, seed=0)
    return datasets.open(path)


def altered(data, path, change):
    path.write_bytes(data.path.read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return datasets.open(path)


def test_rows_are_coarse_solves_of_the_files_coefficients(data):
    """The strided solve recomputed from the fine file, where `coarse_solve` does the striding itself."""
    coarse = coarse_baseline(data, [13, 25])
    for row, stride in zip(coarse["rows"], (4, 2), strict=True):
        grid = data.grid.strided(stride)
        true = data.read_outputs(stride=stride)
        for faces in ("arithmetic", "harmonic", "mean", "upscaled"):
            solved = [coarse_solve(a, data.grid, stride, faces) for a in data.read("coefficient")]
            expected = sample_errors(np.stack(solved)[..., None].astype(np.float32), true, (grid.x, grid.y))
            assert row[faces]["relative_l2"] == pytest.approx(expected["relative_l2"].mean(), rel=1e-4)
            assert row[faces]["milliseconds"] > 0
        assert row["upscaled"]["relative_l2"] < row["arithmetic"]["relative_l2"]


def test_on_the_files_own_grid_the_arithmetic_solve_is_the_truth(data):
    row = coarse_baseline(data, [49])["rows"][0]
    assert row["arithmetic"]["relative_l2"] < 1e-6
    assert row["arithmetic"]["residual"] == pytest.approx(row["truth"]["residual"], rel=1)
    assert row["harmonic"]["relative_l2"] > 1e-4
    assert "upscaled" not in row


def test_it_says_what_it_assumes_of_the_right_hand_side(data, tmp_path):
    assert "f = 1 is assumed; the file says: -div(a grad u) = 1 on" in coarse_baseline(data, [13])["assumed"]
    silent = altered(data, tmp_path / "silent.h5", lambda file: file.attrs.pop("equation"))
    assert coarse_baseline(silent, [13])["assumed"].endswith("the file says: nothing of its equation")


def as_indicator(file):
    file["coefficient"][...] = file["coefficient"][...] > 5


def without_border(file):
    file.attrs["boundary"] = "unknown"


def off_the_nodes(file):
    file["x"][...] = file["x"][...] * 0.9 + 0.05


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (as_indicator, "the coefficient is not positive everywhere"),
        (without_border, "not known to be zero on the border"),
        (off_the_nodes, "equally spaced nodes, borders included"),
    ],
)
def test_what_cannot_be_solved_is_left_out_with_a_reason(data, tmp_path, change, reason):
    found = coarse_baseline(altered(data, tmp_path / "data.h5", change), [13])
    assert list(found) == ["left_out"]
    assert reason in found["left_out"]


def test_a_file_without_a_coefficient_has_none(data, tmp_path):
    path = tmp_path / "data.h5"
    path.write_bytes(data.path.read_bytes())
    with h5py.File(path, "r+") as file:
        file.move("coefficient", "permeability")
    found = coarse_baseline(datasets.open(path, inputs=("permeability",)), [13])
    assert found == {"left_out": "the file holds no coefficient or source"}


def test_a_solve_that_does_not_converge_is_left_out(data, tmp_path):
    """Contrasts of 1e12 at random points, which no grid resolves."""

    def rough(file):
        file["coefficient"][...] = 10.0 ** np.random.default_rng(0).integers(-6, 7, file["coefficient"].shape)

    found = coarse_baseline(altered(data, tmp_path / "rough.h5", rough), [49])
    assert "did not converge" in found["left_out"]


def test_curves_are_by_scheme_and_resolution(data):
    coarse = coarse_baseline(data, [13, 25, 49])
    curves = errors_by_scheme(coarse)
    assert list(curves) == [f"coarse solve, {faces}" for faces in ("arithmetic", "harmonic", "mean", "upscaled")]
    assert curves["coarse solve, mean"][25] == coarse["rows"][1]["mean"]["relative_l2"]
    assert all(list(curve) == [13, 25] for curve in curves.values())
    assert errors_by_scheme({"left_out": "reason"}) == {}
