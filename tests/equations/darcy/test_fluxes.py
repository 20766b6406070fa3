"""Darcy flow with fluxes: three outputs, one of them a vector, through data, training and evaluation."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import pde
from pde.equations.darcy.fluxes import DARCY_FLUXES, DarcyFluxes
from pde.equations.darcy.problem import Darcy
from pde.equations.registry import equation_of
from pde.grids.symmetries import generators, group
from tests.command_line import refused, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fluxes")
    pde.generate(DarcyFluxes(resolution=33), folder / "data.h5", samples=30, seed=0)
    return folder


def test_its_solutions_are_those_of_darcy_flow(folder, tmp_path):
    pde.generate(Darcy(resolution=33), tmp_path / "plain.h5", samples=3, seed=0)
    plain, data = pde.open(tmp_path / "plain.h5"), pde.open(folder / "data.h5")
    np.testing.assert_array_equal(data.read("solution", slice(3)), plain.read("solution"))
    np.testing.assert_array_equal(data.read_residual()[:3], plain.read_residual())
    assert [quantity.name for quantity in data.quantities] == ["solution", "flux"]
    assert equation_of(data.attributes, data.sampled, data.output_names, 2) is DARCY_FLUXES
    alone = pde.open(folder / "data.h5", outputs=("solution",))
    assert equation_of(alone.attributes, alone.sampled, alone.output_names, 2).formula == "-div(a grad u) = f"


def test_the_fluxes_of_an_image_are_the_image_of_the_fluxes(folder):
    data = pde.open(folder / "data.h5")
    a, outputs = data.read_inputs(slice(1)), jnp.asarray(data.read_outputs(slice(1)))
    kinds = data.kinds.channels(data.output_names)
    for symmetry in group(generators(data.grid)):
        image = np.asarray(symmetry(jnp.asarray(a)))[0, ..., 0].astype(np.float64)
        solved = DARCY_FLUXES.solve("arithmetic", [image], data.grid, 1)
        np.testing.assert_allclose(solved, symmetry(outputs, kinds)[0], atol=1e-5)


def test_the_upscaled_scheme_has_the_better_fluxes(folder):
    data = pde.open(folder / "data.h5")
    errors = {}
    for scheme in ("arithmetic", "harmonic", "upscaled"):
        solved = np.stack(
            [DARCY_FLUXES.solve(scheme, [a.astype(float)], data.grid, 2) for a in data.read("coefficient")]
        )
        errors[scheme] = np.linalg.norm(solved[..., 1:] - data.read_outputs(stride=2)[..., 1:])
    assert errors["upscaled"] < min(errors["arithmetic"], errors["harmonic"])


@pytest.mark.slow
def test_the_divergence_is_printed_for_predictions_and_for_the_truth(folder, capsys):
    data, trained = folder / "data.h5", folder / "run"
    flags = "--model", "fno", "--width", 8, "--depth", 2, "--resolution", 17, "--epochs", 2, "--symmetries", "all"
    status, printed, _ = run(capsys, "train", data, "--out", trained, *flags)
    assert status == 0
    assert "flux" in printed
    assert len(group(pde.load(trained).run.symmetries)) == 8
    status, printed, _ = run(
        capsys, "evaluate", trained, data, "--resolutions", 17, 33, "--json", folder / "e.json"
    )
    assert status == 0
    assert "distance of the fluxes' divergence from f" in printed
    fine = json.loads((folder / "e.json").read_text())["rows"][1]
    assert {"residual", "divergence"} <= fine["direct"].keys() & fine["resample"].keys() & fine["truth"].keys()
    assert fine["truth"]["residual"] < 1e-2 < fine["direct"]["residual"]
    coarse = json.loads((folder / "e.json").read_text())["coarse"]["rows"][0]["upscaled"]
    assert coarse["relative_l2"] == pytest.approx(
        (coarse["relative_l2 of solution"] + coarse["relative_l2 of flux"]) / 2
    )


def test_what_has_no_fluxes_is_refused(tmp_path, capsys):
    flags = "--equation", "darcy-fluxes", "--canonical"
    assert "its scheme has no fluxes" in refused(capsys, "generate", tmp_path / "a.h5", *flags)
