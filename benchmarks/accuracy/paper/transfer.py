"""Trained on 32 x 32 points, zero-shot on 64 x 64 and 128 x 128, by each grid's own points or anchored.

All grids are strides of 256 x 256 cells. Beside the direct predictions stands resampling: the prediction on
32 x 32 points, interpolated.
"""

from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.accuracy.paper import models, sets
from benchmarks.accuracy.paper.plan import OWN_POINTS, Plan, case
from benchmarks.accuracy.paper.rows import Row
from pde.data import datasets
from pde.preprocessing.view import View
from pde.training.transfer import measure

SETS = {"cells-32": sets.SETS["cells-32"]}
GRIDS = (32, 64, 128)
_VIEWS = {"own-points": OWN_POINTS, "anchored": View()}
_MODELS = ("mano", "mano-patches", "mano-paper", "mano-reference-93k", "fno")
CASES = {
    f"{name}-{kind}": case(models.CASES[name].model, models.CASES[name].options, view)
    for name in _MODELS
    for kind, view in _VIEWS.items()
}


def rows(plan: Plan) -> Iterator[Row]:
    for name in plan.sets:
        for trained in plan.trained(name, SETS[name], CASES):
            data = datasets.open(trained.test)
            strides = map(data.stride_to, GRIDS)
            found = [asdict(measure(trained.surrogate, data, slice(None), stride)) for stride in strides]
            yield trained.row | {"relative_l2": found}
