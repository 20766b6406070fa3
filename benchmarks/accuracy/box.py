"""How good are operators on three axes, beside coarse solves?

    python -m benchmarks.accuracy.box FOLDER [--cases mano fno unet learned] [--minutes 5] [--json FILE]

Two-phase Darcy flow at 65 x 65 x 65 nodes (`manojax generate --equation darcy-3d`), 200 training and 50 test
samples. Each case is trained at 17 x 17 x 17 for as many epochs as fit into the minutes at its own pace
(`benchmarks.pace`), one seed, with the defaults of `manojax train`, and carried to 33 and 65. `learned` is MANO's
coarse equation, `--informed learned`. FOLDER keeps data and runs, and a second call goes on where the first was
interrupted.

Stated are mean relative L2 and, in brackets, milliseconds of one sample, of predictions from the fine coefficient
and of all coarse solves.

Found (`results/box.json`, `results/box_learned.json`): at 17, 33 and 65 MANO has 0.028, 0.024 and 0.024, U-Net
0.025, 0.021 and 0.020, FNO 0.037, 0.034 and 0.033. They lose to the upscaled solve, which has 0.012 at 17 and
0.0034 at 33. The learned coarse equation has 0.0033 at 17, and at 33, where it was not trained, 0.0086.
"""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.pace import Case, epochs_in, paces
from benchmarks.record import command_line, manojax, write
from benchmarks.study import made, train_to_the_end
from pde.equations.darcy.box import DarcyBox
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.runs.run import seconds_of

TRAINED, GRIDS = 17, (17, 33, 65)
CASES = {
    "mano": Case("mano", TrainingConfig(resolution=TRAINED)),
    "fno": Case("fno", TrainingConfig(resolution=TRAINED)),
    "unet": Case("unet", TrainingConfig(resolution=TRAINED)),
    "learned": Case("mano", TrainingConfig(resolution=TRAINED, view=View(informed="learned"))),
}


def rows(evaluated: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return relative L2 and milliseconds of direct predictions and of coarse solves, by scheme and grid."""
    found: dict[str, dict[str, Any]] = {}
    for name, table in (("direct", evaluated["rows"]), ("coarse", evaluated["coarse"]["rows"])):
        for row in table:
            for scheme, values in row.items():
                if isinstance(values, dict) and "relative_l2" in values and (name == "coarse" or scheme == name):
                    kept = {key: values[key] for key in ("relative_l2", "milliseconds")}
                    found.setdefault(scheme, {})[str(row["resolution"])] = kept
    return found


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    train = made(folder / "train.h5", DarcyBox(), 200, 0)
    test = made(folder / "test.h5", DarcyBox(), 50, 1)
    cases = {name: CASES[name] for name in arguments.cases}
    pace = paces(folder / f"pace-{'-'.join(cases)}.json", train, cases, steps=4, repeats=3)
    found: dict[str, Any] = {"minutes": arguments.minutes, "pace": pace, "models": {}}
    for name, case in cases.items():
        config = replace(case.config, epochs=epochs_in(arguments.minutes, pace[name]))
        out, evaluated = folder / f"{name}-epochs-{config.epochs}", folder / f"{name}.json"
        surrogate = train_to_the_end(train, out, case.model, config)
        command = manojax("evaluate", out, test, "--resolutions", *GRIDS, "--json", evaluated)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        table = rows(json.loads(evaluated.read_text()))
        row = {"epochs": config.epochs, "seconds": seconds_of(out), "parameters": surrogate.run.parameters}
        found["models"][name] = row | table.pop("direct")
        found["coarse"] = table
        print(name, found["models"][name], flush=True)
        write(arguments.json, found)
    for name, table in (found["models"] | found["coarse"]).items():
        cells = (table.get(str(grid)) for grid in GRIDS)
        print(
            name,
            *(f"{each['relative_l2']:.4f} ({each['milliseconds']:.1f} ms)" if each else "-" for each in cells),
        )


if __name__ == "__main__":
    main()
