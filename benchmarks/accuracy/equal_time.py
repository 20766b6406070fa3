"""Which operator does best after the same minutes of training?

    python -m benchmarks.accuracy.equal_time TRAIN.h5 TEST.h5 FOLDER [--models mano fno] [--minutes 15]
        [--seeds 0 1 2] [--options '{"fno": {"learning_rate": 1e-2, "batch_size": 5}}']

First the training steps of all models are timed in turn, by medians, compiled and warm, with nothing else running;
then each model is trained for as many whole epochs as fit into the minutes at its own pace. So the outcome does
not depend on other work of the machine, and a second call goes on where the first was interrupted: pace, runs and
`results.json` are kept in FOLDER. Models and training have the defaults of `manojax train`, with --symmetries and
no validation samples: the last parameters count.

Stated is relative L2 on the training grid, a mean over test samples, with mean and standard deviation over seeds;
also for the mean of predictions under the square's eight symmetries, which takes eight times as long.

Found (`results/equal_time.json`, three seeds, 200 test samples): MANO 0.0113 +- 0.0001, of eight predictions
0.0108; FNO with `{"learning_rate": 1e-2, "batch_size": 5, "loss": "relative-l2"}` 0.0120 +- 0.0001 and 0.0110,
with 23 times the parameters; with the H1 loss, one seed, 0.0123 (`equal_time_fno_h1.json`). The mean of two
coarse solves has 0.0114.
"""

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.pace import Case, epochs_in, paces
from benchmarks.record import command_line, write
from benchmarks.study import errors
from pde.runs.config import TrainingConfig

_SETTINGS = ("epochs", "learning_rate", "batch_size", "loss", "seed")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=["mano", "fno"])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--options", type=json.loads, default={}, help="changes to `TrainingConfig`, by model")
    parser.add_argument("--resolution", type=int, default=31)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    config = TrainingConfig(resolution=arguments.resolution, symmetries="all", validation="none")
    configs = {model: replace(config, **arguments.options.get(model, {})) for model in arguments.models}
    cases = {model: Case(model, config) for model, config in configs.items()}
    pace = paces(arguments.folder / "pace.json", arguments.train, cases)
    results = defaultdict(list)
    for seed in arguments.seeds:
        for model in arguments.models:
            epochs = epochs_in(arguments.minutes, pace[model])
            chosen = replace(configs[model], seed=seed, epochs=epochs)
            settings = {name: getattr(chosen, name) for name in _SETTINGS}
            name = "-".join(map(str, (model, arguments.resolution, *settings.values())))
            found = errors(arguments.train, arguments.test, arguments.folder / name, model, chosen)
            results[model].append({**settings, **found})
            print(model, results[model][-1], flush=True)
            summary = {"minutes": arguments.minutes, "pace": pace, "results": results}
            write(arguments.folder / "results.json", summary)
    for model, runs in results.items():
        print(f"{model}: {runs[0]['parameters']:,} parameters, {runs[0]['epochs']} epochs, {len(runs)} seeds")
        for way, rows in {
            "one prediction": runs,
            "mean over symmetries": [run["symmetric"] for run in runs],
        }.items():
            values = [row["relative_l2"] for row in rows]
            spread = f" +- {np.std(values):.4f}" if len(values) > 1 else ""
            print(f"  {way}: relative L2 {np.mean(values):.4f}{spread}")


if __name__ == "__main__":
    main()
