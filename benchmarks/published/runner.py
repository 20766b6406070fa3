"""Runs a setting for one model: data, training, evaluation, each only as far as it is not there yet.

So the command that begins a run also continues it: after Ctrl-C or a kill from the last full epoch, and on another
machine of the kind if the run's folder is copied there; data are made again if need be. For sessions of ten
minutes:

    timeout --signal=INT 570 python -m benchmarks.published.darcy_85 --model mano --folder DIR

The results, SETTING-MODEL-seed-SEED-DEVICE.json, are named with the device that evaluated.
"""

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jax

from benchmarks.published.setting import Setting
from benchmarks.record import command_line, write
from benchmarks.study import train_to_the_end
from pde.data import datasets
from pde.evaluation.baselines import coarse_baseline
from pde.evaluation.evaluate import evaluate
from pde.reports.text import details, table
from pde.runs.run import seconds_of
from pde.surrogates.surrogate import Surrogate
from pde.system.errors import InputError


def main(setting: Setting, description: str | None) -> None:
    """The command line of a setting's file."""
    parser = command_line(description)
    parser.add_argument("--model", choices=setting.models, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="of data, runs and results")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    parser.add_argument("--epochs", type=int, help="a separate run with a schedule of this length")
    parser.add_argument("--small", action="store_true", help="a short test that the setting runs")
    arguments = parser.parse_args()
    if arguments.small:
        setting = setting.small()
    try:
        run(setting, arguments.model, arguments.folder, seed=arguments.seed, epochs=arguments.epochs)
    except InputError as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"{parser.prog}: stopped; the same command goes on from here\n")


def run(setting: Setting, model: str, folder: Path, *, seed: int = 0, epochs: int | None = None) -> Path:
    """Begin or continue a run up to its table; return the file of all numbers.

    Raises:
        InputError: data that are missing or do not fit.
        ArithmeticError: the solver did not converge on a sample of the data.
    """
    name = f"{setting.name}-{model}-seed-{seed}"
    config = replace(setting.training, seed=seed)
    if epochs is not None:
        name, config = f"{name}-epochs-{epochs}", replace(config, epochs=epochs)
    data, test = setting.data.files(folder)
    out = folder / name
    surrogate = train_to_the_end(data, out, model, config, setting.models[model])
    found = {"setting": setting.name, "training_seconds": seconds_of(out)} | measure(setting, surrogate, test)
    results = folder / f"{name}-{re.sub(r'[^A-Za-z0-9]+', '-', found['device'])}.json"
    write(results, found)
    print(f"\n{table([found['model']], found['coarse'])}\n\n{details([found['model']], found['coarse'])}\n")
    for method, errors in setting.published.items():
        print(f"published, {method}: " + ", ".join(f"{metric} {value:g}" for metric, value in errors.items()))
    print(results)
    return results


def measure(setting: Setting, surrogate: Surrogate, test: Path) -> dict[str, Any]:
    """Errors on the training grid beside coarse solves, and all settings that they depend on."""
    samples, trained = datasets.open(test).first(setting.test_samples), surrogate.run.grid.shape[0]
    return {
        "device": jax.devices()[0].device_kind,
        "model": evaluate(surrogate, samples, [trained]),
        "coarse": coarse_baseline(samples, [*setting.solved_at, trained]),
        "published": setting.published,
        "options": asdict(surrogate.run.options),
        "training": asdict(surrogate.training),
        "test data": {name: str(value) for name, value in samples.attributes.items()},
    }
