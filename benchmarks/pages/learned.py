"""The tables of learned coarse equations."""

import statistics

from benchmarks.pages.cells import size, table
from benchmarks.record import load

CORRECTED = "solution corrected too"


def learned() -> str:
    kinds = load("learned"), load("learned_corrected")
    rows = []
    for of_kinds in zip(*(found["grids"] for found in kinds), strict=True):
        cells = []
        for row in of_kinds:
            times = row["milliseconds"]
            cells += [_mean_and_spread(row["learned"]), f"{times['learned'] / times['upscaled']:.1f}"]
        rows.append([str(of_kinds[0]["nodes"]), f"{of_kinds[0]['upscaled']:.5f}", *cells])
    header = ["nodes a side", "upscaled solve", "learned", "ratio of times", CORRECTED, "ratio of times"]
    return table(kinds[0], header, rows)


def learned_widths() -> str:
    """Narrower and wider networks, one seed each."""
    rows, named = [], {8: "learned_8", 16: "learned", 32: "learned_32"}
    for width, name in named.items():
        found = load(name)
        by_nodes = {row["nodes"]: row for row in found["grids"]}
        cells = []
        for row in (by_nodes[31], by_nodes[61]):
            times = row["milliseconds"]
            cells += [f"{row['learned'][0]:.5f}", f"{times['learned'] / times['upscaled']:.1f}"]
        rows.append([str(width), size(found["parameters"]), *cells])
    header = ["width", "parameters", "L2 at 31", "ratio of times", "L2 at 61", "ratio of times"]
    return table(load("learned"), header, rows)


def learned_by_law() -> str:
    kinds = {"": load("learned"), f", {CORRECTED}": load("learned_corrected")}
    columns = {
        f"{name}{kind}": [(row[name], row["upscaled"]) for row in found["laws"].values()]
        for kind, found in kinds.items()
        for name in ("learned on 12/3", "learned on the mixture")
    }
    laws = kinds[""]["laws"]
    rows = [
        [law, f"{row['upscaled']:.5f}", *(f"{error:.5f} ({error / plain:.2f})" for error, plain in cells)]
        for (law, row), cells in zip(laws.items(), zip(*columns.values(), strict=True), strict=True)
    ]
    return table(kinds[""], ["tested on", "upscaled solve", *columns], rows)


def learned_fine() -> str:
    plain, corrected = (load(name)["fine"] for name in ("learned", "learned_corrected"))
    named = {f"learned, {CORRECTED}, relaxation": (corrected, "learned, relaxation")}
    named |= {name: (plain, name) for name in plain}
    rows = []
    for name, (found, key) in named.items():
        time = found[key]["milliseconds"] / found["fine solve"]["milliseconds"]
        rows.append([name, _mean_and_spread(found[key]["relative_l2"]), f"{time:.2f}"])
    return table(load("learned"), ["on 421 x 421 nodes", "L2", "time of the fine solve"], rows)


def _mean_and_spread(errors: list[float]) -> str:
    spread = f" ± {statistics.stdev(errors):.5f}" if len(errors) > 1 else ""
    return f"{statistics.mean(errors):.5f}{spread}"
