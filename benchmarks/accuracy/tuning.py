"""Which learning rate, batch and loss suit MANO and FNO? The same trials for both, of the same epochs.

    python -m benchmarks.accuracy.tuning TRAIN.h5 VALIDATION.h5 FOLDER [--resolution 16] [--epochs 15]
        [--json FILE]

Relative L2 on validation samples: no test sample decides anything. Runs that exist are not trained again;
unfinished ones are finished.

Found (`results/tuning.json`, 100 validation samples): MANO has 0.0273 to 0.0293, its defaults 0.0274, best with a
rate of 3e-3 or 1e-2 on the H1 loss; FNO 0.0278 to 0.0361, its defaults 0.0361, best with 3e-3, batches of 5 and
the L2 loss.
"""

import itertools
from pathlib import Path

from benchmarks.record import command_line, write
from benchmarks.study import errors
from pde.runs.config import TrainingConfig

TRIALS = [
    {"learning_rate": rate, "batch_size": batch, "loss": loss}
    for rate, batch, loss in itertools.product((3e-3, 1e-2, 3e-2), (5, 10), ("relative-h1", "relative-l2"))
]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("validation", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=["mano", "fno"])
    parser.add_argument("--resolution", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    fixed = {
        "resolution": arguments.resolution,
        "epochs": arguments.epochs,
        "symmetries": "all",
        "validation": "none",
    }
    rows = []
    for trial, model in itertools.product(TRIALS, arguments.models):
        out = arguments.folder / "-".join(map(str, (model, *trial.values())))
        found = errors(arguments.train, arguments.validation, out, model, TrainingConfig(**fixed, **trial))
        rows.append({"model": model, **trial, **found})
        print(rows[-1], flush=True)
        write(arguments.json, {**fixed, "trials": rows})


if __name__ == "__main__":
    main()
