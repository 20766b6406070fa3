"""Runs of a small model on the small data file."""

import dataclasses
import json

import pytest

from manojax import FNOConfig, MANOConfig
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.surrogates.surrogate import Surrogate
from pde.training.engine.devices import DEFAULT
from pde.training.train import train

FNO = FNOConfig(width=8, depth=1, modes=(3, 3))
MANO = MANOConfig(width=8, depth=1, heads=2)
VIEW = {each.name for each in dataclasses.fields(View)}
CONFIG = TrainingConfig(resolution=9, epochs=4, batch_size=5, seed=1)


def start(data, out, options=FNO, division=DEFAULT, **changes):
    model = "fno" if isinstance(options, FNOConfig) else "mano"
    seen = {name: changes.pop(name) for name in VIEW & changes.keys()}
    config = dataclasses.replace(CONFIG, view=View(**seen), **changes)
    train(data, out, model=model, options=options, config=config, division=division)
    return out


def history(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def interrupted_after(whole):
    """Surrogate.sample_errors where Ctrl-C comes while the epoch after so many whole ones is validated."""
    errors, epochs = Surrogate.sample_errors, iter(range(whole + 1))

    def interrupted(*arguments):
        if next(epochs) == whole:
            raise KeyboardInterrupt
        return errors(*arguments)

    return interrupted


def start_and_interrupt(data, out, monkeypatch, whole, **changes):
    """Ctrl-C in the epoch after so many whole ones, before a checkpoint holds it."""
    with monkeypatch.context() as patch:
        patch.setattr(Surrogate, "sample_errors", interrupted_after(whole))
        with pytest.raises(KeyboardInterrupt):
            start(data, out, **changes)
