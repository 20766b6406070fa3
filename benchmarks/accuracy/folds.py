"""Which options of `manojax train` suit a small data set? By folds of its training file: no test sample decides.

    python -m benchmarks.accuracy.folds TRAIN.h5 FOLDER [--model mano] [--folds 5]
        [--options '[{}, {"weight_decay": 0.1}, {"epochs": 20, "symmetries": "all"}]']

The samples are shuffled and dealt into folds. Each fold is left out once and tests a model trained on the others,
with the defaults of `manojax train` except for the options of a trial. Stated are means over all samples. All
trials use the same folds, so the difference between a trial and the first, sample by sample, has a standard error.
FOLDER keeps folds and runs: a second call goes on where the first was interrupted.

Found on the 16 x 16 set of the neuraloperator package (`results/folds.json`, MANO, relative MSE): 0.0102 without
symmetries, the default of that day; with the transpose, which is now found by default, 0.0085. Without symmetries
also 0.0100 after 30 epochs, 0.0101 and 0.0150 with a weight decay of 0.1 and 1, 0.0102 without filter.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from benchmarks.record import command_line, write
from benchmarks.study import train_to_the_end
from manojax import MODELS
from pde.data import datasets
from pde.metrics import sample_errors
from pde.runs.config import TrainingConfig


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="mano", choices=MODELS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--options", type=json.loads, default=[{}], help="changes to `TrainingConfig`")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    folds = list(files(arguments.train, arguments.folder, arguments.folds))
    rows, first = [], None
    for changes in arguments.options:
        config = TrainingConfig(**changes)
        name = "-".join((arguments.model, *(f"{key}-{value}" for key, value in changes.items())))
        runs = [arguments.folder / f"{name}-fold-{number}" for number in range(len(folds))]
        found = [relative_mse(arguments.model, config, *fold, run) for fold, run in zip(folds, runs, strict=True)]
        errors = np.concatenate(found)
        first = errors if first is None else first
        difference = errors - first
        rows.append(
            {
                "options": changes,
                "relative_mse": float(errors.mean()),
                "difference": float(difference.mean()),
                "standard error of the difference": float(difference.std(ddof=1) / np.sqrt(len(difference))),
                "folds": [float(errors.mean()) for errors in found],
            }
        )
        print(json.dumps(rows[-1]), flush=True)
        write(arguments.json, {"model": arguments.model, "data": arguments.train.name, "trials": rows})


def files(data: Path, folder: Path, folds: int) -> Iterator[tuple[Path, Path]]:
    """Yield for each fold a file of the other folds' samples and a file of its own."""
    with h5py.File(data) as file:
        arrays, attributes = {name: np.asarray(values) for name, values in file.items()}, dict(file.attrs)
    samples = len(arrays["coefficient"])
    dealt = np.random.default_rng(0).permutation(samples) % folds
    for fold in range(folds):
        pair = folder / f"rest-{fold}-of-{folds}.h5", folder / f"fold-{fold}-of-{folds}.h5"
        for path, chosen in zip(pair, (dealt != fold, dealt == fold), strict=True):
            with h5py.File(path, "w") as out:
                out.attrs.update(attributes)
                for name, values in arrays.items():
                    out[name] = values[chosen] if len(values) == samples else values
        yield pair


def relative_mse(model: str, config: TrainingConfig, rest: Path, fold: Path, out: Path) -> np.ndarray:
    """Errors of each sample of a fold, by a model trained on the rest."""
    data, surrogate = datasets.open(fold), train_to_the_end(rest, out, model, config)
    predicted = surrogate.predict(data.read_inputs(), data.grid)
    return sample_errors(predicted, data.read_outputs(), data.grid.axes)["relative_mse"]


if __name__ == "__main__":
    main()
