"""Coarse equations that a network makes: what holds whatever it has learned, and the way through every command."""

import json

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.flatten_util import ravel_pytree

import manojax
import pde
from manojax.operators.unet import UNetConfig
from pde.data import datasets
from pde.equations.darcy.coarse_nodes import coarse_solve, solve_network
from pde.equations.darcy.learned import FEATURES, LARGEST, LearnedEquation, channels
from pde.equations.darcy.problem import Darcy
from pde.preprocessing.view import View
from pde.runs.build import create, size_of, split
from pde.solvers.conductances import Conductances, apply, conductances
from pde.surrogates.export import export_run
from pde.surrogates.resampling import carried
from pde.system.errors import InputError
from tests.cases import slow
from tests.command_line import refused
from tests.command_line import run as command

NETWORK = ("--model", "unet", "--width", "8", "--levels", "1", "--depth", "1")
NODES = 25
STRIDES = pytest.mark.parametrize("stride", [4, slow(3), slow(2)])


def nodes(stride):
    return (np.linspace(0, 1, (NODES - 1) // stride + 1, dtype=np.float32),) * 2


def network():
    options = {"width": 8, "levels": 1, "depth": 1}
    return manojax.create("unet", in_channels=channels(2), out_channels=FEATURES, rngs=nnx.Rngs(0), **options)


@pytest.fixture(scope="module")
def fields():
    """Phases in blocks, a smooth field and a jump of 1e3."""
    generator = np.random.default_rng(0)
    blocks = np.kron(generator.choice([3.0, 12.0], (9, 9)), np.ones((3, 3)))[:NODES, :NODES]
    x = np.linspace(0, 1, NODES)
    smooth = np.exp(np.sin(5 * x)[:, None] + np.cos(7 * x)[None, :])
    jump = np.where(x[:, None] + x[None, :] > 0.9, 1e3, 1.0)
    return jnp.asarray(np.stack([blocks, smooth, jump])[..., None], jnp.float32)


@pytest.fixture(scope="module")
def untrained():
    return LearnedEquation(network(), tolerance=1e-10, rngs=nnx.Rngs(1))


def moved(model, deviation):
    """The model with noise added to its parameters."""
    graph, params = split(model)
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(2), len(leaves))
    noisy = [leaf + deviation * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    return nnx.merge(graph, jax.tree.unflatten(tree, noisy))


@pytest.fixture(scope="module")
def random(untrained):
    """A model with parameters far from any that training would find."""
    return moved(untrained, 1.0)


def solve(model, fields, axes, **given):
    return np.asarray(nnx.jit(lambda model, fields: model(fields, axes, **given))(model, fields))[..., 0]


@STRIDES
def test_without_a_correction_it_is_the_upscaled_solve(untrained, fields, stride):
    grid = Darcy(resolution=NODES).grid
    solved = solve(untrained, fields, nodes(stride))
    for a, found in zip(np.asarray(fields[..., 0], np.float64), solved, strict=True):
        expected = coarse_solve(a, grid, stride, "upscaled")
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * expected.max())


def test_on_the_grid_of_the_coefficient_nothing_is_corrected(random, fields):
    with jax.enable_x64(True):
        found = random.scheme(fields[..., 0], nodes(1))
        for sample, a in enumerate(fields[..., 0].astype(jnp.float64)):
            expected = conductances(a, (1 / (NODES - 1), 1 / (NODES - 1)))
            for one, other in zip(found.along, expected.along, strict=True):
                np.testing.assert_allclose(one[sample], other, rtol=1e-12)


@STRIDES
def test_twice_the_coefficient_is_half_the_solution(random, fields, stride):
    once, twice = (solve(random, factor * fields, nodes(stride)) for factor in (1, 2))
    np.testing.assert_allclose(2 * twice, once, rtol=1e-6, atol=1e-9 * once.max())
    other = solve(random, 1.7 * fields, nodes(stride))
    np.testing.assert_allclose(1.7 * other, once, rtol=0, atol=1e-5 * once.max())


@STRIDES
def test_solutions_are_positive_and_keep_within_their_border(random, fields, stride):
    solved = solve(random, fields, nodes(stride))
    assert (solved[:, 1:-1, 1:-1] > 0).all()
    assert (solved[:, [0, -1]] == 0).all()
    assert (solved[:, :, [0, -1]] == 0).all()
    border = jnp.asarray(np.random.default_rng(1).uniform(-2, 5, solved.shape), jnp.float32)
    still = solve(random, fields, nodes(stride), source=jnp.zeros_like(fields[..., 0]), border=border)
    edge = np.asarray(border).copy()
    edge[:, 1:-1, 1:-1] = edge[:, :1, :1]
    for u, g in zip(still, edge, strict=True):
        assert g.min() - 1e-6 <= u.min() <= u.max() <= g.max() + 1e-6


@STRIDES
def test_the_correction_and_the_distance_to_the_upscaled_solution_are_bounded(random, untrained, fields, stride):
    """|u - v|_A <= (e^D - 1) |v|_A in the energy norm of the upscaled scheme, whose solution is v."""
    corrected, upscaled = (solve(model, fields, nodes(stride)) for model in (random, untrained))
    with jax.enable_x64(True):
        learned, plain = (model.scheme(fields[..., 0], nodes(stride)) for model in (random, untrained))
        for sample in range(len(fields)):
            a = Conductances(tuple(faces[sample] for faces in plain.along))
            factors = [np.asarray(learned.along[i][sample] / a.along[i]) for i in (0, 1)]
            largest = max(np.abs(np.log(factor)).max() for factor in factors)
            assert 0.05 < largest < np.log(1.2 * float(fields[sample].max() / fields[sample].min()))

            def energy(u, a=a):
                inner = jnp.asarray(u[1:-1, 1:-1])
                return float(jnp.sqrt(jnp.vdot(inner, apply(a, inner))))

            distance = energy(corrected[sample] - upscaled[sample])
            assert 0 < distance <= np.expm1(largest) * energy(upscaled[sample])


@pytest.mark.slow
def test_where_the_coefficient_does_not_vary_nothing_is_corrected(random, untrained):
    """A square of another phase in one corner corrects the edges near it alone."""
    a = np.full((1, NODES, NODES), 3.0, np.float32)
    a[:, :3, :3] = 12.0
    with jax.enable_x64(True):
        learned, plain = (model.scheme(jnp.asarray(a), nodes(4)) for model in (random, untrained))
        for found, expected in zip(learned.along, plain.along, strict=True):
            np.testing.assert_array_equal(found[:, 3:, 3:], expected[:, 3:, 3:])
            assert not np.array_equal(found, expected)


def test_any_source_and_border_values(untrained):
    """x^2 - y^2 solves the scheme with a = 1 exactly, and x^2 + y^2 with the source -4."""
    axes = nodes(4)
    x, y = (np.asarray(axis, np.float64) for axis in axes)
    ones = jnp.ones((1, NODES, NODES, 1), jnp.float32)
    for sign, source in ((-1, 0.0), (1, -4.0)):
        exact = (x[:, None] ** 2 + sign * y[None, :] ** 2)[None]
        given = {"source": source * ones[..., 0], "border": jnp.asarray(exact, jnp.float32)}
        np.testing.assert_allclose(solve(untrained, ones, axes, **given), exact, atol=1e-6)


def test_a_grid_that_is_no_stride_is_refused(untrained, fields):
    with pytest.raises(ValueError, match="grid of 6 x 6 nodes is no stride of the 25 x 25 nodes"):
        untrained(fields, (np.linspace(0, 1, 6, dtype=np.float32),) * 2)


def test_a_corrected_solution_scales_stays_positive_and_is_near_that_of_its_scheme(fields):
    axes = nodes(4)
    plain = LearnedEquation(network(), corrected=True, tolerance=1e-10, rngs=nnx.Rngs(1))
    model = moved(plain, 1.0)
    once, twice, upscaled = solve(model, fields, axes), solve(model, 2 * fields, axes), solve(plain, fields, axes)
    np.testing.assert_allclose(2 * twice, once, rtol=1e-6, atol=1e-9 * once.max())
    grid = Darcy(resolution=NODES).grid
    for a, found in zip(np.asarray(fields[..., 0], np.float64), upscaled, strict=True):
        expected = coarse_solve(a, grid, 4, "upscaled")
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * expected.max())
    with jax.enable_x64(True):
        scheme = model.scheme(fields[..., 0], axes)
    for sample, u in enumerate(once):
        c = Conductances(tuple(faces[sample] for faces in scheme.along))
        with jax.enable_x64(True):
            of_scheme = np.asarray(solve_network(c).solution)[1:-1, 1:-1]
        logarithms = np.log(u[1:-1, 1:-1] / of_scheme)
        assert 1e-3 < np.abs(logarithms).max() <= 1.001 * LARGEST / 6**2
        assert (u[[0, -1]] == 0).all()
        assert (u[:, [0, -1]] == 0).all()


@pytest.mark.slow
def test_a_solution_with_a_source_or_border_values_is_not_corrected(fields):
    axes, model = nodes(4), moved(LearnedEquation(network(), corrected=True, rngs=nnx.Rngs(1)), 1.0)
    corrected = solve(model, fields, axes)
    for given in ({"source": jnp.ones_like(fields[..., 0])}, {"border": jnp.zeros(corrected.shape)}):
        ratio = solve(model, fields, axes, **given)[:, 1:-1, 1:-1] / corrected[:, 1:-1, 1:-1]
        assert np.abs(np.log(ratio)).max() > 1e-3


@pytest.mark.parametrize("corrected", [slow(False), True])
def test_gradients_go_through_network_and_solve(fields, corrected):
    """Each parameter has one, and central differences along the gradient agree, also for the coefficient."""
    untrained = LearnedEquation(network(), corrected=corrected, tolerance=1e-10, rngs=nnx.Rngs(1))
    graph, params = split(moved(untrained, 0.1))
    axes, a = nodes(4), fields[:2]

    @jax.jit
    def mean(params, a):
        return 100 * nnx.merge(graph, params)(a, axes).astype(jnp.float32).mean()

    slopes = jax.jit(jax.grad(mean, argnums=(0, 1)))(params, a)
    assert all(np.isfinite(leaf).all() and np.any(leaf) for leaf in jax.tree.leaves(slopes))
    for position, start, size in ((0, params, 1e-2), (1, a, 2e-2)):
        flat, back = ravel_pytree(start)
        slope, _ = ravel_pytree(slopes[position])
        length = float(jnp.linalg.norm(slope))
        there = [back(flat + step / length * slope) for step in (size, -size)]
        ends = [float(mean(each, a) if position == 0 else mean(params, each)) for each in there]
        assert (ends[0] - ends[1]) / (2 * size) == pytest.approx(length, rel=1e-2)


def test_only_the_corrected_kind_has_parameters_for_the_solution():
    sizes = {}
    for informed in ("learned", "learned-corrected"):
        view = View(inputs=("coefficient",), informed=informed)
        _, params = split(create("unet", UNetConfig(width=8, levels=1, depth=1), view, "float32", 0))
        sizes[informed] = size_of(params)
    head = 4 * FEATURES * FEATURES + FEATURES + FEATURES + 1
    assert sizes["learned-corrected"] == sizes["learned"] + head


@pytest.fixture(scope="module")
def trained(darcy_file, tmp_path_factory):
    out = tmp_path_factory.mktemp("learned") / "run"
    from pde.cli import main

    flags = ("--resolution", "5", "--epochs", "2", "--symmetries", "all", "--out", str(out))
    assert main(["train", str(darcy_file), *NETWORK, "--informed", "learned-corrected", *flags]) == 0
    return out


@pytest.mark.slow
def test_a_run_that_is_loaded_predicts_what_it_predicted_in_training(darcy_file, trained):
    history = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    surrogate, data = pde.load(trained), datasets.open(darcy_file)
    predicted = surrogate.predict(data.read_inputs(slice(18, 20)), data.grid, surrogate.run.grid)
    true = data.read_outputs(slice(18, 20), 4)
    errors = np.linalg.norm((predicted - true)[..., 0], axis=(1, 2)) / np.linalg.norm(true[..., 0], axis=(1, 2))
    noted = history[surrogate.epoch - 1]["validation"]["relative_l2"]
    assert errors.mean() == pytest.approx(noted, rel=1e-4)


@pytest.mark.slow
def test_evaluation_and_prediction_take_it(capsys, darcy_file, trained, tmp_path):
    status, printed, error = command(capsys, "evaluate", trained, darcy_file, "--resolutions", "5", "9", "17")
    assert (status, error) == (0, "")
    assert "upscaled" in printed
    status, _, error = command(capsys, "predict", trained, darcy_file, tmp_path / "u.h5", "--mode", "resample")
    assert (status, error) == (0, "")
    surrogate, data = pde.load(trained), datasets.open(darcy_file)
    coarse = surrogate.run.grid
    splines = carried(
        surrogate.predict(data.read_inputs(), data.grid, coarse), coarse, data.grid, surrogate.run.outputs
    )
    true = data.read_outputs()
    with h5py.File(tmp_path / "u.h5") as file:  # the coefficient adds details to splines
        relaxed = file["solution"][:]
    assert np.linalg.norm(relaxed - true[..., 0]) < 0.9 * np.linalg.norm(splines - true)


@pytest.mark.slow
def test_the_whole_is_exported_with_its_solve(darcy_file, trained, tmp_path):
    with pytest.raises(InputError, match="give --resolution"):
        export_run(trained, tmp_path / "exported")
    export_run(trained, tmp_path / "exported", resolution=17)
    exported, surrogate = pde.load_exported(tmp_path / "exported"), pde.load(trained)
    a = datasets.open(darcy_file).read_inputs(slice(3))[..., 0]
    np.testing.assert_allclose(exported(a), surrogate(a), rtol=1e-5, atol=1e-8)


@pytest.mark.slow
def test_a_prediction_has_a_gradient_with_respect_to_the_coefficient(darcy_file, trained):
    surrogate, data = pde.load(trained), datasets.open(darcy_file)
    a = jnp.asarray(data.read_inputs(slice(1))[0, ..., 0])
    middle = jax.jit(lambda a: surrogate(a)[8, 8])
    slope = jax.grad(middle)(a)
    # Twice the coefficient is half the solution: the slope along the coefficient itself is minus the solution.
    assert float(jnp.vdot(slope, a)) == pytest.approx(-float(middle(a)), rel=1e-3)


def test_what_does_not_fit_is_one_sentence(capsys, darcy_file, tmp_path):
    network = (*NETWORK, "--informed", "learned")
    begin = ("train", darcy_file, *network, "--resolution", "5", "--epochs", "1", "--out", tmp_path / "run")
    assert "leave --restriction out" in refused(capsys, *begin, "--restriction", "means")
    with h5py.File(tmp_path / "cells.h5", "w") as file, h5py.File(darcy_file) as on_nodes:
        for name in ("coefficient", "solution"):
            file[name] = on_nodes[name][:, :16, :16]
        file["x"] = file["y"] = (np.arange(16) + 0.5) / 16
        file.attrs.update(boundary="zero", domain=(0.0, 1.0, 0.0, 1.0))
    flags = ("--resolution", "8", "--epochs", "1", "--out", tmp_path / "run")
    assert "equally spaced nodes" in refused(capsys, "train", tmp_path / "cells.h5", *network, *flags)
