"""Errors within two cells of an interface and elsewhere, at contrasts of 4 to 100, beside a coarse solve.

Two phases on 241 x 241 nodes, strided to 31 x 31. The coarse solve is the mean of the solutions of the strided
coefficient with arithmetic and with harmonic faces.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.accuracy.paper import models
from benchmarks.accuracy.paper.plan import Plan
from benchmarks.accuracy.paper.rows import Row
from benchmarks.accuracy.paper.sets import contrast
from pde.data import datasets
from pde.evaluation.baselines import coarse_baseline
from pde.evaluation.evaluate import evaluate

SETS = {f"contrast-{ratio}": contrast(ratio) for ratio in (4, 10, 30, 100)}
CASES = {name: models.CASES[name] for name in ("mano", "mano-paper", "fno")}
_GRID = [31]
_ERRORS = ("relative_l2", "relative_near_interface", "relative_elsewhere")


def rows(plan: Plan) -> Iterator[Row]:
    for name in plan.sets:
        test = None
        for trained in plan.trained(name, SETS[name], CASES):
            test = trained.test
            errors = evaluate(trained.surrogate, test, _GRID)["rows"][0]["direct"]
            yield trained.row | {error: errors[error] for error in _ERRORS}
        if test is not None:
            yield _solved(name, test)


def _solved(name: str, test: Path) -> Row:
    errors = coarse_baseline(datasets.open(test), _GRID)["rows"][0]["mean"]
    return {"of": {"set": name, "case": "coarse-solve"}, **{error: errors[error] for error in _ERRORS}}
