"""Which learning rate suits MANO and FNO? The same trials for both, of the same minutes.

    python benchmarks/tuning.py TRAIN.h5 VALIDATION.h5 FOLDER [--resolution 31] [--minutes 2] [--json FILE]

Each model is trained with each rate for the epochs that its own pace allows in so many minutes
(`equal_time.paces`). Stated are the errors on validation samples: no test sample decides anything. Runs that exist
are not trained again, or are trained to their end.

Not run to its end yet.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from equal_time import errors, paces

from pde.files import write_text
from pde.runs import TrainingConfig
from pde.versions import versions

RATES = (1e-3, 3e-3, 6e-3, 1e-2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("validation", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=["mano", "fno"])
    parser.add_argument("--resolution", type=int, default=31)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    config = TrainingConfig(resolution=arguments.resolution, symmetries=True, validation="none")
    pace = paces(arguments.folder / "pace.json", arguments.train, dict.fromkeys(arguments.models, config))
    rows = []
    for rate in RATES:
        for model in arguments.models:
            steps = 60 * arguments.minutes / pace[model]["seconds a step"]
            epochs = int(steps / pace[model]["steps an epoch"])
            out = arguments.folder / f"{model}-{rate}"
            chosen = replace(config, epochs=epochs, learning_rate=rate)
            found = errors(arguments.train, arguments.validation, out, model, chosen)
            rows.append({"model": model, "learning_rate": rate, "epochs": epochs, **found})
            print(rows[-1], flush=True)
            if arguments.json:
                summary = {"pace": pace, "minutes": arguments.minutes, "trials": rows, "versions": versions()}
                write_text(arguments.json, json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
