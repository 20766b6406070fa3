"""The tables of learned coarse equations."""

import statistics

from benchmarks.pages.cells import size, table
from benchmarks.record import load


def learned() -> str:
    found = load("learned")
    rows = []
    for row in found["grids"]:
        error, times = statistics.mean(row["learned"]), row["milliseconds"]
        spread = statistics.stdev(row["learned"])
        rows.append(
            [
                str(row["nodes"]),
                f"{row['upscaled']:.5f}",
                f"{error:.5f} ± {spread:.5f}",
                f"{error / row['upscaled']:.2f}",
                f"{times['learned'] / times['upscaled']:.1f}",
            ]
        )
    return table(found, ["nodes a side", "upscaled solve", "learned", "ratio of errors", "ratio of times"], rows)


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
    found = load("learned")
    names = [name for name in next(iter(found["laws"].values())) if name != "upscaled"]
    rows = []
    for law, row in found["laws"].items():
        ratios = (f"{row[name]:.5f} ({row[name] / row['upscaled']:.2f})" for name in names)
        rows.append([law, f"{row['upscaled']:.5f}", *ratios])
    return table(found, ["tested on", "upscaled solve", *names], rows)


def learned_fine() -> str:
    found = load("learned")
    whole = found["fine"]["fine solve"]["milliseconds"]
    rows = []
    for name, row in found["fine"].items():
        errors = row["relative_l2"]
        spread = f" ± {statistics.stdev(errors):.5f}" if len(errors) > 1 else ""
        rows.append([name, f"{statistics.mean(errors):.5f}{spread}", f"{row['milliseconds'] / whole:.2f}"])
    return table(found, ["on 421 x 421 nodes", "L2", "time of the fine solve"], rows)
