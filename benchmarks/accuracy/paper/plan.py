"""The plan of a section: which cases are trained on which data, for how long."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.accuracy.paper.rows import Row
from benchmarks.accuracy.paper.sets import Set
from benchmarks.pace import Case, epochs_in, paces
from benchmarks.study import on_training_grid, train_to_the_end
from manojax.operators.base import ModelConfig
from pde.preprocessing.view import View
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.runs.run import seconds_of
from pde.surrogates.surrogate import Surrogate

OWN_POINTS = View(filter_width=0.0)
"""The model runs on the points of the grid that it is given, as in the paper."""


def case(model: str, options: ModelConfig | None = None, view: View = OWN_POINTS) -> Case:
    """Return a model to be trained by our defaults, without symmetries or validation samples."""
    config = TrainingConfig(symmetries="none", validation="none", view=view)
    return Case(model, config, options or options_of(model))


@dataclass(frozen=True)
class Trained:
    """A trained case, its test file, and the part of its row that is known before it is tested."""

    surrogate: Surrogate
    test: Path
    row: Row


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a section, from its command line."""

    section: str
    folder: Path
    data: Path
    """Folder of the files that cannot be made."""
    sets: list[str]
    cases: list[str]
    seeds: list[int]
    minutes: float | None
    epochs: int | None
    options: dict[str, dict[str, Any]]
    """Changes to `TrainingConfig`, by case."""
    small: bool
    """A few samples and one block a model."""

    def trained(self, name: str, chosen: Set, cases: Mapping[str, Case]) -> Iterator[Trained]:
        """Train the plan's cases on a set, or go on with their runs, and yield them one by one.

        All cases of the section are timed, so that later calls with others of them find their paces.
        """
        data, test = chosen.files(self.folder, self.data, self.small)
        ready = {each: self._ready(each, case, chosen.resolution) for each, case in cases.items()}
        size = "small-" * self.small
        pace = self.folder / f"{size}pace-{self.section}-{name}.json"
        measured = {} if self.minutes is None else paces(pace, data, ready, steps=5, repeats=3)
        for seed in self.seeds:
            for each in self.cases:
                epochs = self.epochs if self.minutes is None else epochs_in(self.minutes, measured[each])
                config = replace(ready[each].config, epochs=epochs, seed=seed)
                changed = self.options.get(each, {})
                out = self.folder / f"{size}{name}-{_name(ready[each])}-{epochs}-epochs-seed-{seed}"
                surrogate = train_to_the_end(data, out, ready[each].model, config, ready[each].options)
                budget = {"epochs": epochs} if self.minutes is None else {"minutes": self.minutes}
                yield Trained(
                    surrogate,
                    test,
                    {
                        "of": {"set": name, "case": each, "seed": seed, **budget, "options": changed},
                        "parameters": surrogate.run.parameters,
                        "trained for": {"epochs": epochs, "seconds": round(seconds_of(out))},
                    },
                )

    def errors(self, sets: Mapping[str, Set], cases: Mapping[str, Case]) -> Iterator[Row]:
        """Train the plan's cases on its sets and yield a row each, with the errors on the training grid."""
        for name in self.sets:
            for trained in self.trained(name, sets[name], cases):
                samples = on_training_grid(trained.test, trained.surrogate)
                yield trained.row | trained.surrogate.errors(samples.each())

    def _ready(self, name: str, case: Case, resolution: int | None) -> Case:
        config = replace(case.config, resolution=resolution, **self.options.get(name, {}))
        if not self.small:
            return replace(case, config=config)
        options: Any = case.options
        return replace(
            case, config=replace(config, train_samples=4, batch_size=2), options=replace(options, depth=1)
        )


def _name(case: Case) -> str:
    """Name a case by its model and a digest of its settings, so that sections share the runs of equal cases."""
    return f"{case.model}-{hashlib.sha256(repr(case).encode()).hexdigest()[:8]}"
