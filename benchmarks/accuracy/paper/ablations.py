"""One change at a time to `mano-paper`, on 32 x 32 points.

`mano` has the last three changes together, and is trained without its cycle as well. `mano-patches` has the
changes of `mano-expansion` and `mano-patch` together.
`mano-paper` has five levels there (32 to 2 points a side), learned down- and up-sampling, disjoint windows of
2 x 2 points, attention at all levels and their sum.
"""

from collections.abc import Iterator

from benchmarks.accuracy.paper import models, sets
from benchmarks.accuracy.paper.plan import Plan, case
from benchmarks.accuracy.paper.rows import Row
from manojax.operators.mano import MANOConfig, PaperConfig

SETS = {"cells-32": sets.SETS["cells-32"]}
CHANGES = {
    "mano-paper": PaperConfig(),
    **{f"levels-{levels}": PaperConfig(levels=levels) for levels in (1, 2, 3, 4)},
    "pooled-down": PaperConfig(down="pooled"),
    "nearest-up": PaperConfig(up="nearest"),
    "windows-overlap": PaperConfig(stride=1),
    "cycle": PaperConfig(level_sum="cycle"),
    "convolution": PaperConfig(finest="convolution"),
}
CASES = {
    **{name: case("mano-paper", options) for name, options in CHANGES.items()},
    "mano": case("mano"),
    "mano-without-cycle": case("mano", MANOConfig(level_sum="plain")),
    "mano-expansion": case("mano", MANOConfig(expansion=4)),
    "mano-patch": case("mano", MANOConfig(patch=2, width=48)),
    "mano-patches": models.CASES["mano-patches"],
}


def rows(plan: Plan) -> Iterator[Row]:
    return plan.errors(SETS, CASES)
