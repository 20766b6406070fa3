"""Errors within two cells of an interface and elsewhere, at contrasts of 4 to 100.

Two phases on 241 x 241 nodes, strided to 31 x 31.
"""

from collections.abc import Iterator

from benchmarks.accuracy.paper import models
from benchmarks.accuracy.paper.plan import Plan
from benchmarks.accuracy.paper.rows import Row
from benchmarks.accuracy.paper.sets import contrast
from pde.evaluation.evaluate import evaluate

SETS = {f"contrast-{ratio}": contrast(ratio) for ratio in (4, 10, 30, 100)}
CASES = {name: models.CASES[name] for name in ("mano", "mano-paper", "fno")}
_GRID = [31]
_ERRORS = ("relative_l2", "relative_near_interface", "relative_elsewhere")


def rows(plan: Plan) -> Iterator[Row]:
    for name in plan.sets:
        for trained in plan.trained(name, SETS[name], CASES):
            errors = evaluate(trained.surrogate, trained.test, _GRID)["rows"][0]["direct"]
            yield trained.row | {error: errors[error] for error in _ERRORS}
