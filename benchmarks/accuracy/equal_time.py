"""Which operator does best after the same minutes of training?

    python -m benchmarks.accuracy.equal_time TRAIN.h5 TEST.h5 FOLDER [--cases mano fno] [--minutes 15]
        [--seeds 0 1 2] [--restriction means] [--options '{"fno": {"learning_rate": 1e-2, "batch_size": 5},
        "mano-patches": {"model": "mano", "patch": 2, "width": 48, "expansion": 4}}']

First the training steps of all models are timed in turn, by medians, compiled and warm, with nothing else running;
then each model is trained for as many whole epochs as fit into the minutes at its own pace. So the outcome does
not depend on other work of the machine, and a second call goes on where the first was interrupted: pace, runs and
`results.json` are kept in FOLDER. Models and training have the defaults of `manojax train`, with --symmetries and
no validation samples: the last parameters count.

Stated is relative L2 on the training grid, a mean over test samples, with mean and standard deviation over seeds;
also for the mean of predictions under the square's eight symmetries, which takes eight times as long. Beside them
stand two coarse solves, which take no training. Milliseconds are of one sample, from the fine coefficient, one
compiled program each, called in turn.

Found (`results/equal_time.json`, three seeds, 200 test samples): MANO 0.0113 +- 0.0001, of eight predictions
0.0108; FNO with `{"learning_rate": 1e-2, "batch_size": 5, "loss": "relative-l2"}` 0.0120 +- 0.0001 and 0.0110,
with 23 times the parameters; with the H1 loss, one seed, 0.0123 (`equal_time_fno_h1.json`). The mean of two
coarse solves has 0.0114. With `--restriction means` MANO on patches has 0.0029, FNO and
U-Net have 0.0032, where the upscaled solve has 0.0042 in half the time of a prediction (`equal_time_means.json`;
further seeds and FNO in `equal_time_means_seeds.json`). At 61 x 61, ten minutes, one seed: U-Net 0.0024, MANO
0.0033, FNO 0.0038, the upscaled solve 0.0019 (`equal_time_means_61.json`).
"""

import json
from collections import defaultdict
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from benchmarks.accuracy import schemes
from benchmarks.accuracy.schemes import compiled, mean_error, milliseconds
from benchmarks.pace import Case, epochs_in, paces
from benchmarks.record import command_line, write
from benchmarks.study import errors
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.grids.restriction import Restriction
from pde.preprocessing.view import View
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.surrogates.surrogate import Surrogate, load

_SETTINGS = ("epochs", "learning_rate", "batch_size", "loss", "seed")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", default=["mano", "fno"], help="models, or names in --options")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--options", type=json.loads, default={}, help="of model and training, by case")
    parser.add_argument("--restriction", choices=get_args(Restriction), default="stride")
    parser.add_argument("--resolution", type=int, default=31)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    config = TrainingConfig(
        resolution=arguments.resolution,
        symmetries="all",
        validation="none",
        view=View(restriction=arguments.restriction),
    )
    cases = {name: _case(name, config, arguments.options.get(name, {})) for name in arguments.cases}
    pace = paces(arguments.folder / "pace.json", arguments.train, cases)
    settings = {name: getattr(arguments, name) for name in ("minutes", "restriction", "options")} | {"pace": pace}
    results, surrogates = defaultdict(list), {}
    for seed in arguments.seeds:
        for name, case in cases.items():
            chosen = replace(case.config, seed=seed, epochs=epochs_in(arguments.minutes, pace[name]))
            training = {each: getattr(chosen, each) for each in _SETTINGS}
            out = arguments.folder / "-".join(map(str, (name, arguments.resolution, *training.values())))
            found = errors(arguments.train, arguments.test, out, case.model, chosen, case.options)
            surrogates[name] = load(out)
            results[name].append({**training, **found})
            print(name, results[name][-1], flush=True)
            write(arguments.folder / "results.json", {**settings, "results": results})
    programs = _programs(datasets.open(arguments.test), arguments.resolution, surrogates)
    write(arguments.folder / "results.json", {**settings, "results": results, "programs": programs})
    for name, runs in results.items():
        print(f"{name}: {runs[0]['parameters']:,} parameters, {runs[0]['epochs']} epochs, {len(runs)} seeds")
        for way, rows in {
            "one prediction": runs,
            "mean over symmetries": [run["symmetric"] for run in runs],
        }.items():
            values = [row["relative_l2"] for row in rows]
            spread = f" +- {np.std(values):.4f}" if len(values) > 1 else ""
            print(f"  {way}: relative L2 {np.mean(values):.4f}{spread}")


def _case(name: str, config: TrainingConfig, options: dict[str, Any]) -> Case:
    """Build a case: the model of its name, or the one that the options give, with its options and training."""
    model = options.get("model", name)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    own = {field.name for field in fields(options_of(model))}
    of_model = {key: value for key, value in given.items() if key in own}
    of_training = {key: value for key, value in given.items() if key not in own | {"model"}}
    return Case(model, replace(config, **of_training), replace(options_of(model), **of_model))


def _programs(test: DataFile, resolution: int, surrogates: dict[str, Surrogate]) -> dict[str, dict[str, float]]:
    """Print and return milliseconds of predictions and of two coarse solves, and the errors of the solves."""
    stride = test.stride_to(resolution)
    solves = {
        f"coarse solve, {faces} faces": compiled(schemes.coarse(test.grid, stride, faces))
        for faces in ("mean", "upscaled")
    }
    predictions = {name: compiled(schemes.operator(each, test.grid, stride)) for name, each in surrogates.items()}
    times = milliseconds(solves | predictions, test)
    found = {name: {"milliseconds": each} for name, each in times.items()}
    for name, solve in solves.items():
        found[name]["relative_l2"] = mean_error(solve, test, stride)
    for name, each in found.items():
        print(name, each)
    return found


if __name__ == "__main__":
    main()
