"""Darcy flow on three axes: its solver, its coarse solves, and the whole journey of the command line."""

import json

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import manojax
import pde
from pde.equations.darcy.box import DARCY_BOX, DarcyBox
from pde.equations.darcy.coarse_nodes import coarse_solve
from pde.equations.darcy.learned import FEATURES, LearnedEquation, channels
from pde.equations.registry import check_darcy
from pde.grids.outputs import outputs_of
from pde.system.errors import InputError
from tests.command_line import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("box")
    pde.generate(DarcyBox(resolution=17), folder / "box.h5", samples=40, seed=0)
    return folder


def test_its_file_has_three_axes_and_solutions_of_small_residual(folder):
    data = pde.open(folder / "box.h5")
    assert (data.grid.shape, data.grid.ends) == ((17,) * 3, ((0.0, 1.0),) * 3)
    assert data.outputs[0].borders == ("zero",) * 3
    assert data.read_residual().max() <= 1e-10
    a, u = (data.read(name, slice(3)).astype(float) for name in ("coefficient", "solution"))
    assert set(np.unique(a)) == {3, 12}
    assert DARCY_BOX.residual(a, u, data.grid).max() < 1e-5  # of values stored in float32


@pytest.mark.slow
def test_coarse_solves_converge_and_upscaling_helps(folder):
    data = pde.open(folder / "box.h5")
    a, u = (data.read(name, slice(6)).astype(float) for name in ("coefficient", "solution"))

    def error(scheme, stride):
        found = np.stack([DARCY_BOX.solve(scheme, [each], data.grid, stride)[..., 0] for each in a])
        true = u[:, ::stride, ::stride, ::stride]
        return np.linalg.norm(found - true) / np.linalg.norm(true)

    assert error("arithmetic", 1) < 1e-6
    assert error("upscaled", 2) < error("upscaled", 4)
    assert all(error("upscaled", stride) < error("arithmetic", stride) for stride in (2, 4))


@pytest.mark.slow
def test_coarse_solves_turn_with_the_axes(folder):
    order = (1, 2, 0)
    data = pde.open(folder / "box.h5")
    a = data.read("coefficient", slice(1))[0].astype(float)
    plain, turned = (coarse_solve(each, data.grid, 4, "upscaled") for each in (a, a.transpose(order)))
    np.testing.assert_allclose(turned, plain.transpose(order), rtol=0, atol=1e-9 * plain.max())


@pytest.mark.slow
def test_a_learned_equation_without_corrections_is_the_upscaled_one_and_scales(folder):
    data = pde.open(folder / "box.h5")
    fields = jnp.asarray(data.read("coefficient", slice(2)))[..., None]
    operator = manojax.create(
        "unet", in_channels=channels(3), out_channels=FEATURES, dimensions=3, width=8, levels=1, rngs=nnx.Rngs(0)
    )
    learned = LearnedEquation(operator, corrected=True, rngs=nnx.Rngs(0))
    coarse = (jnp.linspace(0, 1, 5),) * 3
    plain = np.stack([coarse_solve(np.asarray(a[..., 0], float), data.grid, 4, "upscaled") for a in fields])
    found = np.asarray(learned(fields, coarse)[..., 0])
    np.testing.assert_allclose(found, plain, rtol=0, atol=1e-6 * plain.max())

    graph, params = nnx.split(learned, nnx.Param)
    params = jax.tree.map(lambda p: p + 0.3 * jax.random.normal(jax.random.key(p.size), p.shape), params)
    random = jax.jit(lambda params, fields: nnx.merge(graph, params)(fields, coarse))
    other = np.asarray(random(params, fields))
    assert 1e-3 < np.abs(other[..., 0] - plain).max() / plain.max() < 0.9
    assert (other >= 0).all()
    np.testing.assert_allclose(random(params, 2 * fields), other / 2, rtol=1e-5)
    slope = jax.jit(jax.grad(lambda params: jnp.sum(random(params, fields).astype(jnp.float32) ** 2)))(params)
    assert all(np.abs(each).max() > 0 for each in jax.tree.leaves(slope))


@pytest.mark.parametrize(
    ("model", "flags"),
    [
        ("fno", ("--informed", "upscaled")),
        ("unet", ("--informed", "learned-corrected")),
    ],
)
@pytest.mark.slow
def test_the_whole_journey(folder, capsys, model, flags):
    data, trained = folder / "box.h5", folder / f"{model}-run"
    small = "--width", 8, "--resolution", 9, "--epochs", 1, "--symmetries", "all"
    assert run(capsys, "train", data, "--out", trained, "--model", model, *small, *flags)[0] == 0
    symmetries = pde.load(trained).run.symmetries
    assert set(symmetries) == {"flip-x", "flip-y", "flip-z", "transpose", "transpose-xz", "transpose-yz"}
    status, printed, _ = run(
        capsys, "evaluate", trained, data, "--resolutions", 9, 17, "--json", folder / "found.json"
    )
    assert status == 0
    assert "coarse solve" in printed
    rows = json.loads((folder / "found.json").read_text())["coarse"]["rows"]
    assert rows[-1]["arithmetic"]["relative_l2"] < 1e-6  # the scheme of the file
    assert run(capsys, "predict", trained, data, folder / f"{model}.h5")[0] == 0
    with h5py.File(folder / f"{model}.h5") as file:
        assert file["solution"].shape == (40, 17, 17, 17)
    if model == "fno":
        assert run(capsys, "predict", trained, data, folder / "polished.h5", "--polish", 1e-6)[0] == 0
        with h5py.File(folder / "polished.h5") as file, h5py.File(data) as true:
            np.testing.assert_allclose(file["solution"][:], true["solution"][:], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_it_is_generated_by_its_name_in_shards(tmp_path, capsys):
    flags = "--equation", "darcy-3d", "--resolution", 9, "--samples", 3, "--coefficient", "log-normal"
    flags = (*flags, "--log-scale", 2)
    assert run(capsys, "generate", tmp_path / "a.h5", *flags)[0] == 0
    for shard in ("1/2", "2/2"):
        assert run(capsys, "generate", tmp_path / "a.h5", *flags, "--shard", shard)[0] == 0
    shards = sorted(tmp_path.glob("a-shard-*.h5"))
    assert run(capsys, "merge", tmp_path / "merged.h5", *shards)[0] == 0
    assert (tmp_path / "merged.h5").read_bytes() == (tmp_path / "a.h5").read_bytes()


def test_advice_names_the_ends_of_three_axes():
    with pytest.raises(InputError, match="--boundary zero --domain x0 x1 y0 y1 z0 z1"):
        check_darcy("--informed", ("coefficient",), outputs_of(("solution",), "unknown", 3))
