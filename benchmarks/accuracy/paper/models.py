"""The paper's variants beside other models, on three sets of Darcy flow.

`mano-reference` has the width and depth of the authors' physics code, 1.9 M parameters; `mano-reference-93k` about
as many as our default. `mano-patches` is our default on patches of 2 x 2 points, wider in width and MLPs.
"""

from collections.abc import Iterator

from benchmarks.accuracy.paper.plan import Plan, case
from benchmarks.accuracy.paper.rows import Row
from benchmarks.accuracy.paper.sets import SETS
from manojax.operators.mano import MANOConfig, ReferenceConfig

CASES = {
    "mano": case("mano"),
    "mano-patches": case("mano", MANOConfig(patch=2, width=48, expansion=4)),
    "mano-paper": case("mano-paper"),
    "mano-reference-93k": case("mano-reference", ReferenceConfig(width=40, depth=4)),
    "fno": case("fno"),
    "vit": case("vit"),
    "full-attention": case("full-attention"),
    "mano-reference": case("mano-reference"),
}


def rows(plan: Plan) -> Iterator[Row]:
    return plan.errors(SETS, CASES)
