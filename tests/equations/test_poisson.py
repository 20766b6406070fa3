"""Poisson's equation, and that every command works with it as with Darcy flow."""

import dataclasses
import json

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pde.cli import main
from pde.data import datasets
from pde.data.generate import generate
from pde.equations.poisson import POISSON, Poisson
from pde.equations.registry import known_by
from pde.evaluation.baselines import coarse_baseline, errors_by_scheme
from pde.grids.grid import Grid
from pde.reports.info import describe
from pde.solvers.elliptic import solve
from pde.system.errors import InputError
from tests.command_line import TINY, refused, run
from tests.commands.test_flags import NONSENSE, assert_refused, flags

LAW = Poisson(resolution=17)


def rectangle(height, width):
    return Grid((np.linspace(0, 1, height), np.linspace(2, 5, width)), domain=(0.0, 1.0, 2.0, 5.0))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Twelve samples on 17 x 17 nodes."""
    path = tmp_path_factory.mktemp("poisson") / "poisson.h5"
    generate(LAW, path, samples=12, seed=3)
    return path


@pytest.fixture(scope="module")
def run_folder(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("poisson") / "run"
    assert main(["train", str(file), "--model", "fno", "--out", str(out), *TINY]) == 0
    return out


@pytest.mark.parametrize(("k", "l"), [(1, 1), (3, 2), (7, 4)])
def test_sines_are_solved_exactly(k, l):  # noqa: E741
    """They are eigenvectors of the five-point scheme, with sums of (2 sin(pi k h / 2 L) / h)^2."""
    grid = rectangle(9, 13)
    sines = np.outer(np.sin(np.pi * k * grid.x), np.sin(np.pi * l * (grid.y - 2) / 3))
    eigenvalue = (16 * np.sin(np.pi * k / 16)) ** 2 + (8 * np.sin(np.pi * l / 24)) ** 2
    np.testing.assert_allclose(Poisson.solve(sines, grid), sines / eigenvalue, atol=1e-15)


@pytest.mark.parametrize("shape", [(3, 3), (9, 13)])
def test_it_is_the_solution_of_the_elliptic_solver_with_coefficient_one(shape):
    grid, source = rectangle(*shape), np.random.default_rng(0).normal(size=shape)
    spacing = (1 / (shape[0] - 1), 3 / (shape[1] - 1))
    with jax.enable_x64(True):
        expected = solve(jnp.ones(shape), jnp.asarray(source), spacing=spacing, tolerance=1e-12)
    assert expected.converged
    np.testing.assert_allclose(Poisson.solve(source, grid), expected.solution, atol=1e-11)


def test_it_converges_with_the_second_order():
    """To u = x (1 - x) sin(2 pi y / 3), a polynomial of degree two along x alone."""
    errors = []
    for n in (17, 33, 65):
        x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 3, n), indexing="ij")
        sine, wave = np.sin(2 * np.pi * y / 3), (2 * np.pi / 3) ** 2
        grid = Grid((x[:, 0], y[0]), domain=(0.0, 1.0, 0.0, 3.0))
        errors.append(np.abs(Poisson.solve((2 + wave * x * (1 - x)) * sine, grid) - x * (1 - x) * sine).max())
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.05)


def test_the_inverse_is_linear_and_symmetric():
    f, g = np.random.default_rng(0).normal(size=(2, 9, 13))
    f[:, [0, -1]] = g[:, [0, -1]] = f[[0, -1]] = g[[0, -1]] = 0
    grid = rectangle(9, 13)
    u, v = Poisson.solve(f, grid), Poisson.solve(g, grid)
    np.testing.assert_allclose(Poisson.solve(2 * f - 3 * g, grid), 2 * u - 3 * v, atol=1e-14)
    assert np.sum(u * g) == pytest.approx(np.sum(v * f))


def test_what_the_solver_does_not_take_is_refused():
    centres = (np.arange(4) + 0.5) / 4
    with pytest.raises(InputError, match="equally spaced nodes"):
        Poisson.solve(np.ones((4, 4)), Grid((centres, centres), domain=(0.0, 1.0, 0.0, 1.0)))
    for options in ({"resolution": 2}, {"alpha": 0.0}, {"tau": -1.0}):
        with pytest.raises(InputError, match="must be"):
            Poisson(**options)


def test_a_sample_has_the_same_bits_whatever_its_neighbours(file):
    later = list(LAW.samples(3, range(4, 7)))
    [alone] = LAW.samples(3, range(5, 6))
    data = datasets.open(file)
    for name in ("source", "solution"):
        np.testing.assert_array_equal(later[1][name], alone[name])
        np.testing.assert_array_equal(data.read(name)[5], alone[name].astype(np.float32))
    assert data.read_residual()[5] == alone["residual"] < 1e-13
    [other] = LAW.samples(4, range(5, 6))
    assert (other["source"] != alone["source"]).any()


def test_residuals_are_of_this_equation(file):
    data = datasets.open(file)
    [sample] = LAW.samples(3, range(1))
    f, u = sample["source"][None], sample["solution"][None]
    np.testing.assert_allclose(POISSON.residual(f, u, data.grid), [0], atol=1e-13)
    np.testing.assert_allclose(POISSON.residual(f, 0 * u, data.grid), [1])
    np.testing.assert_allclose(POISSON.residual(f, -2 * u, data.grid), [3])


def test_a_source_that_float32_does_not_hold_leaves_no_file(capsys, tmp_path):
    flags = ("--equation", "poisson", "--resolution", 9, "--samples", 1, "--alpha", 50, "--tau", 0.001)
    status, _, error = run(capsys, "generate", tmp_path / "a.h5", *flags)
    assert status == 1
    assert "sample 0: the solution is too small for float32; lower --alpha" in error
    assert not list(tmp_path.iterdir())


def test_the_equation_is_known_by_the_inputs(file, darcy_file):
    assert datasets.open(file).inputs == ("source",)
    assert known_by(datasets.open(file).sampled) is POISSON
    assert datasets.open(darcy_file).inputs == ("coefficient",)
    assert known_by({"coefficient", "source", "solution"}).inputs == ("coefficient",)
    assert known_by({"forcing", "solution"}) is None


def test_generated_by_command_shard_by_shard_and_merged_it_is_the_same_file(capsys, file, tmp_path):
    out = tmp_path / "poisson.h5"
    flags = ("--equation", "poisson", "--resolution", 17, "--samples", 12, "--seed", 3)
    for index in (1, 2):
        status, printed, _ = run(capsys, "generate", out, *flags, "--shard", f"{index}/2")
        assert status == 0
        assert "of seed 3, 17 nodes a side" in printed
    assert run(capsys, "merge", out, *tmp_path.glob("*-of-2.h5"))[0] == 0
    assert out.read_bytes() == file.read_bytes()
    assert run(capsys, "generate", out, *flags, "--resume")[0] == 0
    assert "no data set 'coefficient'" in refused(capsys, "generate", out, "--resolution", 17, "--resume")


@pytest.mark.slow
def test_every_command_works(capsys, run_folder, file, tmp_path):
    table, predicted, converted = tmp_path / "evaluation.json", tmp_path / "predicted.h5", tmp_path / "own.h5"
    assert json.loads((run_folder / "run.json").read_text())["training"]["view"]["inputs"] == ["source"]
    status, printed, _ = run(capsys, "evaluate", run_folder, file, "--json", table)
    assert status == 0
    assert "Coarse solves of -Laplace u = f: f = `source` is assumed; the file says: -Laplace u = f on" in printed
    assert "At 17, the file's own grid, the strided solve repeats" in printed
    rows, coarse = json.loads(table.read_text())["rows"], json.loads(table.read_text())["coarse"]["rows"]
    assert [row["resolution"] for row in rows] == [9, 17]
    assert "relative_near_interface" not in rows[0]["direct"]
    assert 0 < rows[1]["truth"]["residual"] < 1e-4 < rows[1]["direct"]["residual"]
    assert {"strided", "averaged"} <= coarse[0].keys()
    assert coarse[1]["strided"]["relative_l2"] < 1e-6
    for plot in ("errors", "sample", "worst"):
        assert (tmp_path / f"evaluation-{plot}.png").read_bytes().startswith(b"\x89PNG")
    assert run(capsys, "predict", run_folder, file, predicted)[0] == 0
    assert run(capsys, "convert", file, converted)[0] == 0
    for path in (predicted, converted):
        np.testing.assert_array_equal(datasets.open(path).read_inputs(), datasets.open(file).read_inputs())
        assert "equation" in describe(path) or path == predicted
    assert "inputs source" in describe(run_folder)


def test_coarse_rows_are_solves_of_strided_and_of_averaged_sources(file):
    """Averages by hand: full weighting, 1/16 of (1, 2, 1) times (1, 2, 1), at a stride of two."""
    data = datasets.open(file)
    [row] = coarse_baseline(data, [9])["rows"]
    f, true = (data.read(name).astype(np.float64) for name in ("source", "solution"))
    along = (f[:, :-2] + 2 * f[:, 1:-1] + f[:, 2:])[:, 1::2] / 4
    averaged = np.zeros((12, 9, 9))
    averaged[:, 1:-1, 1:-1] = ((along[..., :-2] + 2 * along[..., 1:-1] + along[..., 2:]) / 4)[:, :, 1::2][
        :, :7, :7
    ]
    for scheme, sources in {"strided": f[:, ::2, ::2], "averaged": averaged}.items():
        solved = np.stack([Poisson.solve(source, data.grid.strided(2)) for source in sources])
        distance, size = (np.linalg.norm(u, axis=(1, 2)) for u in (solved - true[:, ::2, ::2], true[:, ::2, ::2]))
        assert row[scheme]["relative_l2"] == pytest.approx(np.mean(distance / size), rel=1e-3)
    assert list(errors_by_scheme({"rows": [row]})) == ["coarse solve, strided", "coarse solve, averaged"]


def off_the_nodes(file):
    file["x"][...] = file["x"][...] * 0.9 + 0.05


def without_border(file):
    file.attrs["boundary"] = "unknown"


@pytest.mark.parametrize(
    ("change", "reason"),
    [(off_the_nodes, "equally spaced nodes"), (without_border, "known to be zero on the border")],
)
def test_what_cannot_be_solved_again_is_left_out_with_a_reason(file, tmp_path, change, reason):
    path = tmp_path / "changed.h5"
    path.write_bytes(file.read_bytes())
    with h5py.File(path, "r+") as opened:
        change(opened)
    assert reason in coarse_baseline(datasets.open(path), [9])["left_out"]


@pytest.mark.slow
def test_what_is_darcys_alone_is_refused(capsys, run_folder, file, folder, darcy_file, tmp_path):
    fresh = ("train", file, "--model", "fno", "--out", tmp_path / "new", *TINY)
    cases = [
        (
            (*fresh, "--informed", "upscaled"),
            "--informed solves -div(a grad u) = f, and the file is of -Laplace u",
        ),
        ((*fresh, "--restriction", "means"), "harmonic means need positive inputs"),
        (
            ("predict", run_folder, file, tmp_path / "out.h5", "--polish", 1e-6),
            "--polish solves -div(a grad u) = f",
        ),
        (("evaluate", run_folder, darcy_file), "no data set 'source'"),
        (("evaluate", folder / "run", file), "no data set 'coefficient'"),
        (("generate", tmp_path / "a.h5", "--equation", "poison"), "did you mean poisson?"),
    ]
    for arguments, message in cases:
        assert message in refused(capsys, *arguments), arguments
    assert not list(tmp_path.iterdir())


def test_flags_are_the_equations_own(capsys, tmp_path):
    small = ("generate", tmp_path / "a.h5", "--equation", "poisson", "--samples", "1")
    assert_refused(capsys, *small, "--contrast-high", "12")
    for flag in flags(Poisson):
        for value in NONSENSE:
            assert_refused(capsys, *small, *(() if flag == "--resolution" else ("--resolution", "9")), flag, value)
    assert not list(tmp_path.iterdir())
    shown = {name: run(capsys, "generate", "--equation", name, "--help")[1] for name in ("poisson", "darcy")}
    assert "--contrast-high" in shown["darcy"]
    assert "--contrast-high" not in shown["poisson"]
    assert all(f"--{f.name}" in shown["poisson"] for f in dataclasses.fields(Poisson))
