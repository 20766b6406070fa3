"""Darcy flow on one axis: the whole journey of the command line, in seconds."""

import json

import h5py
import numpy as np
import pytest

import pde
from pde.equations.darcy.line import DARCY_LINE, DarcyLine
from tests.command_line import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("line")
    pde.generate(DarcyLine(resolution=129), folder / "line.h5", samples=120, seed=0)
    return folder


def test_its_file_has_one_axis_and_no_residual(folder):
    data = pde.open(folder / "line.h5")
    assert (data.grid.shape, data.grid.ends, data.outputs[0].borders) == ((129,), ((0.0, 1.0),), ("zero",))
    assert data.read_residual() is None
    assert data.complete
    assert set(np.unique(data.read("coefficient"))) == {3, 12}


def test_samples_do_not_depend_on_their_number(folder):
    problem = DarcyLine(resolution=129)
    (late,) = problem.samples(0, range(100, 101))
    data = pde.open(folder / "line.h5")
    np.testing.assert_array_equal(late["solution"].astype(np.float32), data.read("solution", slice(100, 101))[0])


def test_coarse_solves_upscale_exactly_up_to_the_source(folder):
    """Edges in series are exact for a constant flux, so they beat the strided coefficient by far."""
    data = pde.open(folder / "line.h5")
    a, u = data.read("coefficient", slice(20)), data.read("solution", slice(20))

    def error(scheme):
        found = np.stack([DARCY_LINE.solve(scheme, [each.astype(float)], data.grid, 16)[..., 0] for each in a])
        return np.linalg.norm(found - u[:, ::16]) / np.linalg.norm(u[:, ::16])

    assert error("upscaled") < 0.02
    assert error("upscaled") < error("harmonic") / 3


def test_the_whole_journey(folder, capsys):
    data, trained = folder / "line.h5", folder / "run"
    flags = "--model", "fno", "--width", 8, "--depth", 1, "--resolution", 33, "--epochs", 2
    assert run(capsys, "train", data, "--out", trained, *flags)[0] == 0
    assert pde.load(trained).run.symmetries == ("flip-x",)
    command = "evaluate", trained, data, "--resolutions", 33, 129, "--json", folder / "e.json"
    status, printed, _ = run(capsys, *command)
    assert status == 0
    assert "coarse solve" in printed
    assert "-(a u')' = f" in printed
    rows = json.loads((folder / "e.json").read_text())["coarse"]["rows"]
    assert rows[-1]["harmonic"]["relative_l2"] < 1e-6  # the scheme of the file
    assert run(capsys, "predict", trained, data, folder / "predicted.h5")[0] == 0
    with h5py.File(folder / "predicted.h5") as file:
        assert file["solution"].shape == (120, 129)
    assert run(capsys, "export", trained, folder / "exported")[0] == 0
    exported = pde.load_exported(folder / "exported")
    coarse = pde.open(data).read("coefficient", slice(4), 4)
    np.testing.assert_allclose(exported(coarse), pde.load(trained)(coarse), atol=1e-5)


@pytest.mark.slow
def test_report_and_breakeven(folder, capsys):
    data, trained = folder / "line.h5", folder / "reported"
    flags = "--model", "mano", "--width", 8, "--depth", 1, "--resolution", 33, "--epochs", 2
    assert run(capsys, "train", data, "--out", trained, *flags)[0] == 0
    assert run(capsys, "report", trained, data)[0] == 0
    status, printed, _ = run(capsys, "evaluate", trained, data, "--resolutions", 33, "--breakeven")
    assert status == 0
    assert "coarse solve" in printed


def test_it_is_generated_by_its_name_in_shards(tmp_path, capsys):
    flags = "--equation", "darcy-1d", "--resolution", 65, "--samples", 5, "--coefficient", "log-normal"
    flags = (*flags, "--log-scale", 2)
    assert run(capsys, "generate", tmp_path / "a.h5", *flags)[0] == 0
    for shard in ("1/2", "2/2"):
        assert run(capsys, "generate", tmp_path / "a.h5", *flags, "--shard", shard)[0] == 0
    shards = sorted(tmp_path.glob("a-shard-*.h5"))
    assert run(capsys, "merge", tmp_path / "merged.h5", *shards)[0] == 0
    assert (tmp_path / "merged.h5").read_bytes() == (tmp_path / "a.h5").read_bytes()
