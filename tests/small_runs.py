"""Runs of a small model on the small data file."""

import dataclasses
import json

from manojax import FNOConfig
from pde.runs import TrainingConfig
from pde.training import train

FNO = FNOConfig(width=8, depth=1, modes=(3, 3))
CONFIG = TrainingConfig(resolution=9, epochs=4, batch_size=5, seed=1)


def start(data, out, options=FNO, **changes):
    model = "fno" if isinstance(options, FNOConfig) else "mano"
    train(data, out, model=model, options=options, config=dataclasses.replace(CONFIG, **changes))
    return out


def history(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
