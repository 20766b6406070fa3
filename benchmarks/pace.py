"""The pace of trainings, so that models can be given the same minutes whatever else the machine does meanwhile."""

import json
import os
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from manojax.operators.base import ModelConfig
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.system.files import write_text
from pde.system.machine import cores
from pde.training.engine.devices import DATA, SPACE
from pde.training.engine.feeding import Resident
from pde.training.engine.steps import Stepper, make_gradient, take_all
from pde.training.loop import augmentation
from pde.training.loss import make_loss
from pde.training.prepare import optimiser_for, prepare, steps_an_epoch


@dataclass(frozen=True)
class Case:
    """A model and its training."""

    model: str
    config: TrainingConfig
    options: ModelConfig | None = None
    """Options of the model; by default its own."""


def paces(
    path: Path, data: Path, cases: Mapping[str, Case], steps: int = 20, repeats: int = 7
) -> dict[str, dict[str, Any]]:
    """Return the seconds a training step of each case, measured in turn or taken from an earlier call.

    They are medians of `repeats` rounds of `steps` steps, compiled and warm; `path` keeps them.

    Raises:
        SystemExit: the earlier call measured other cases, or other batches.
    """
    if path.exists():
        found = json.loads(path.read_text())
        if any(found.get(name, {}).get("batch_size") != case.config.batch_size for name, case in cases.items()):
            raise SystemExit(f"{path} has the paces of other models or batches; give another folder")
        return found
    found, calls, times = {}, {}, defaultdict(list)
    for name, case in cases.items():
        config = case.config
        run, (parts, _) = prepare(data, case.model, case.options or options_of(case.model), config)
        graph, params = run.build()
        optimiser = optimiser_for(run.training, steps)
        make = partial(make_gradient, make_loss(graph, run, run.grid), run.training.accumulate or 1)
        mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), (DATA, SPACE))
        samples = Resident(parts[0].read(slice(None)), mesh)
        stepper = Stepper(make, optimiser, samples, augmentation(run)[0], mesh)
        size = config.batch_size
        batches = [(np.arange(size), np.int32(0))] * steps
        calls[name] = ((params, optimiser.init(params)), [(stepper, batches)])
        found[name] = {"batch_size": size, "steps an epoch": steps_an_epoch(run.samples, size)}
    for repeat in range(repeats + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            deque(take_all(*call), maxlen=0)
            times[name] += [(time.perf_counter() - started) / steps] if repeat else []  # the first compiles
    for name in cases:
        found[name]["seconds a step"] = float(np.median(times[name]))
    machine = {"cores": cores(), "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES")}
    write_text(path, json.dumps(found | machine, indent=1) + "\n")
    return found


def epochs_in(minutes: float, pace: Mapping[str, Any]) -> int:
    """Return how many whole epochs fit into the minutes at a pace, at least one."""
    return max(1, int(60 * minutes / pace["seconds a step"] / pace["steps an epoch"]))
