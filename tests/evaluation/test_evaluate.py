from collections import Counter
from dataclasses import replace

import h5py
import numpy as np
import pytest

import pde
from manojax import FNOConfig, interpolate
from pde.data import datasets
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.evaluation.baselines import coarse_baseline
from pde.evaluation.evaluate import default_resolutions, evaluate, evaluate_together
from pde.evaluation.figures import worst_samples
from pde.grids.grid import Grid
from pde.metrics import sample_errors
from pde.metrics.interfaces import near_interfaces, region_rms
from pde.reports.text import details, table
from pde.runs.config import TrainingConfig
from pde.solvers.residual import relative_residual
from pde.training.train import train


@pytest.fixture(scope="module")
def surrogate(darcy_file, tmp_path_factory):
    """Trained for a moment on 5 x 5 of the 17 x 17 nodes."""
    out = tmp_path_factory.mktemp("evaluation") / "run"
    config = TrainingConfig(resolution=5, epochs=2)
    train(darcy_file, out, model="fno", options=FNOConfig(width=8, depth=1), config=config)
    return pde.load(out)


def test_rows_are_what_their_definition_says(surrogate, darcy_file):
    """Every number recomputed from the surrogate's predictions on the file's fields."""
    data = datasets.open(darcy_file)
    report = evaluate(surrogate, data, [5, 9, 17])
    assert (report["model"], report["train_resolution"]) == ("fno", 5)
    coarse = data.grid.strided(4)
    on_coarse = surrogate.predict(data.read_inputs(stride=4), coarse)
    for row, stride in zip(report["rows"], (4, 2, 1), strict=True):
        grid = data.grid.strided(stride)
        true, points = data.read_outputs(stride=stride), (grid.x, grid.y)
        direct = sample_errors(surrogate.predict(data.read_inputs(stride=stride), grid), true, points)
        resample = sample_errors(interpolate(on_coarse, (coarse.x, coarse.y), points), true, points)
        assert row["resolution"] == grid.shape[0]
        assert row["resample"]["inputs"] == "nested"
        for name in ("relative_l2", "relative_mse", "relative_h1"):
            assert row["direct"][name] == pytest.approx(direct[name].mean(), rel=1e-5)
            assert row["resample"][name] == pytest.approx(resample[name].mean(), rel=1e-4)


def test_at_the_training_grid_both_are_the_same(surrogate, darcy_file):
    row = evaluate(surrogate, datasets.open(darcy_file), [5])["rows"][0]
    direct, resample = (
        {k: v for k, v in row[way].items() if k != "milliseconds"} for way in ("direct", "resample")
    )
    assert resample == direct | {"inputs": "nested"}


def test_default_resolutions_are_once_twice_and_four_times_the_training_grid(surrogate, darcy_file):
    grid = datasets.open(darcy_file).grid
    assert default_resolutions(surrogate.run.grid, grid) == [5, 9, 17]
    assert default_resolutions(surrogate.run.grid, Grid((np.linspace(0, 1, 8), np.linspace(0, 1, 8)))) == [8]


def test_consistency_compares_twice_the_training_grid_with_it(surrogate, darcy_file):
    data = datasets.open(darcy_file)
    fine, coarse = (surrogate.predict(data.read_inputs(stride=s), data.grid.strided(s)) for s in (2, 4))
    expected = sample_errors(fine[:, ::2, ::2], coarse, (data.grid.x[::4], data.grid.y[::4]))
    report = evaluate(surrogate, data, [17])
    assert report["consistency"] == pytest.approx(expected["relative_l2"].mean(), rel=1e-5)


def test_consistency_needs_a_grid_twice_as_fine(surrogate, tmp_path):
    generate(Darcy(resolution=5), tmp_path / "coarse.h5", samples=2, seed=0)
    assert evaluate(surrogate, datasets.open(tmp_path / "coarse.h5"))["consistency"] is None


def test_residuals_are_there_on_the_files_own_grid_alone(surrogate, darcy_file):
    """Of predictions beside that of the file's solution, which float32 has rounded."""
    data = datasets.open(darcy_file)
    coarse, own = evaluate(surrogate, data, [9, 17])["rows"]
    assert "truth" not in coarse
    assert "residual" not in coarse["direct"]
    predicted = surrogate.predict(data.read_inputs(), data.grid)[..., 0]
    expected = relative_residual(data.read("coefficient"), predicted, data.grid).mean()
    assert own["direct"]["residual"] == pytest.approx(expected, rel=1e-4)
    assert own["truth"]["residual"] < 1e-4 < own["resample"]["residual"]


def test_interfaces_are_those_of_the_row_and_of_piecewise_constant_fields_alone(surrogate, darcy_file, tmp_path):
    data = datasets.open(darcy_file)
    row = evaluate(surrogate, data, [9])["rows"][0]
    near = near_interfaces(data.read("coefficient", stride=2))
    error = surrogate.predict(data.read_inputs(stride=2), data.grid.strided(2)) - data.read_outputs(stride=2)
    expected = np.nanmean(region_rms(error[..., 0].astype(np.float64), near))
    assert row["direct"]["absolute_near_interface"] == pytest.approx(expected, rel=1e-4)
    smooth = Darcy(resolution=9, coefficient="log-normal", log_scale=1.0)
    generate(smooth, tmp_path / "smooth.h5", samples=2, seed=0)
    row = evaluate(surrogate, datasets.open(tmp_path / "smooth.h5"), [9])["rows"][0]
    assert "absolute_near_interface" not in row["direct"]


def test_the_worst_samples_are_drawn_from_the_finest_grid(surrogate, darcy_file):
    data = datasets.open(darcy_file)
    report = evaluate(surrogate, data, [5, 9])
    (worst,) = worst_samples(surrogate, data, report)
    grid = worst.grid
    assert (worst.name, worst.input, grid.shape) == ("solution", "coefficient", (9, 9))
    resampled, _ = surrogate.resample(data.read_inputs(stride=2), grid)
    errors = sample_errors(resampled, data.read_outputs(stride=2), (grid.x, grid.y))["relative_l2"]
    for (title, coefficient, solution, predicted), sample in zip(worst.samples, np.argsort(-errors), strict=False):
        assert title == f"sample {sample}, L2 {errors[sample]:.4f}"
        np.testing.assert_array_equal(coefficient, data.read("coefficient", stride=2)[sample])
        np.testing.assert_array_equal(solution, data.read("solution", stride=2)[sample])
        alone, _ = surrogate.resample(data.read_inputs(slice(sample, sample + 1), stride=2), grid)
        np.testing.assert_allclose(predicted, alone[0, ..., 0], rtol=1e-5)  # a batch is rounded otherwise


def test_the_table_holds_the_numbers_of_the_report(surrogate, darcy_file):
    data = datasets.open(darcy_file)
    report, coarse = evaluate(surrogate, data, [5, 17]), coarse_baseline(data, [5, 17])
    main = [line.split() for line in table([report], coarse).splitlines()]
    parts = [line.split() for line in details([report], coarse).splitlines()]
    for model, row in (("fno", report["rows"][0]), ("solve", coarse["rows"][0])):
        for way in {"direct", "resample", "arithmetic", "harmonic", "mean", "upscaled"} & row.keys():
            line = next(line for line in main if model in line and way in line)
            low, high = row[way]["interval"]
            l2, h1 = f"{row[way]['relative_l2']:.4f}", f"{row[way]['relative_h1']:.4f}"
            assert [l2, f"{low:.4f}", "to", f"{high:.4f}"] == line[-7:-3]
            assert [h1, f"{row[way]['milliseconds']:.1f}"] == line[-2:]
            line = next(line for line in parts if model in line and way in line)
            assert f"{row[way]['percentiles']['worst']:.4f}" in line
            assert line[-1] == f"{row[way]['relative_elsewhere']:.4f}"
    assert f"{report['parameters']:,}" in table([report], coarse)
    assert f"{report['consistency']:.4f}" in details([report], coarse)
    assert f"truth {report['rows'][1]['truth']['residual']:.2e}" in details([report], coarse)


@pytest.mark.slow
def test_grids_that_do_not_nest_take_the_nearest_points_and_say_so(surrogate, darcy_file, tmp_path):
    """Fields given at cell centres, where the training grid is nodes."""
    path = tmp_path / "centres.h5"
    centres = (np.arange(12) + 0.5) / 12
    generator = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file["coefficient"] = generator.uniform(3, 12, (3, 12, 12))
        file["solution"] = generator.uniform(0.1, 1, (3, 12, 12))
        file["x"] = file["y"] = centres
    data = datasets.open(path)
    row = evaluate(surrogate, data, [12])["rows"][0]
    assert row["resample"]["inputs"] == "nearest"
    nearest = [int(np.abs(centres - node).argmin()) for node in surrogate.run.grid.x]
    taken = data.read_inputs()[:, nearest][:, :, nearest]
    predicted = surrogate.predict(taken, surrogate.run.grid)
    nodes = (surrogate.run.grid.x, surrogate.run.grid.y)
    expected = interpolate(predicted, nodes, (centres, centres))
    np.testing.assert_allclose(surrogate.resample(data.read_inputs(), data.grid)[0], expected, rtol=1e-5)


@pytest.mark.slow
def test_a_rectangular_grid_evaluates(tmp_path):
    generator = np.random.default_rng(0)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        for name in ("coefficient", "solution"):
            file[name] = generator.uniform(1, 2, (12, 13, 7))
        file["x"], file["y"] = np.linspace(0, 2, 13), np.linspace(0, 1, 7)
    config = TrainingConfig(resolution=7, epochs=1)
    train(tmp_path / "data.h5", tmp_path / "run", model="fno", options=FNOConfig(width=4, depth=1), config=config)
    report = evaluate(pde.load(tmp_path / "run"), datasets.open(tmp_path / "data.h5"))
    assert [row["shape"] for row in report["rows"]] == [[7, 4], [13, 7]]


@pytest.mark.slow
def test_each_field_is_read_once_for_all_models_and_grids(surrogate, darcy_file):
    """Four grids, two modes, two models, all coarse solves and residuals."""
    data, read = datasets.open(darcy_file), Counter()

    class Counted:
        def __init__(self, name, field):
            self.name, self.field, self.shape, self.dtype = name, field, field.shape, field.dtype

        def __getitem__(self, samples):
            read.update((self.name, sample) for sample in np.arange(self.shape[0])[samples])
            return self.field[samples]

    counted = replace(data, fields={name: Counted(name, field) for name, field in data.fields.items()})
    read.clear()
    evaluation = evaluate_together([surrogate, surrogate], counted, [3, 5, 9, 17])
    assert read == {(name, sample): 1 for name in ("coefficient", "solution") for sample in range(data.samples)}
    for report in evaluation.reports:
        assert without_times(report) == without_times(evaluate(surrogate, data, [3, 5, 9, 17]))
    assert without_times(evaluation.coarse) == without_times(coarse_baseline(data, [3, 5, 9, 17]))


def without_times(found):
    """Results without milliseconds."""
    if isinstance(found, dict):
        return {name: without_times(each) for name, each in found.items() if name != "milliseconds"}
    return [without_times(each) for each in found] if isinstance(found, list) else found
