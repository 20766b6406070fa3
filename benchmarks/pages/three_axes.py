"""The tables of operators and of the solver on three axes."""

from benchmarks.pages.cells import FACES, Results, size, table
from benchmarks.record import load
from pde.runs.build import title_of


def three_axes() -> str:
    found = load("box")
    models = found["models"] | load("box_learned")["models"]
    grids = ("17", "33", "65")
    rows = [
        [
            "learned coarse equation" if name == "learned" else title_of(name),
            size(row["parameters"]),
            str(row["epochs"]),
            *(_error(row, grid) for grid in grids),
        ]
        for name, row in models.items()
    ]
    rows += [
        [f"coarse solve, {FACES[name]}", "", "", *(_error(row, g) for g in grids)]
        for name, row in found["coarse"].items()
    ]
    return table(found, ["", "parameters", "epochs", *(f"at {grid}" for grid in grids)], rows)


def _error(row: Results, grid: str) -> str:
    if grid not in row:
        return ""
    return f"{row[grid]['relative_l2']:.4f} ({row[grid]['milliseconds']:.0f} ms)"


def learned_over_upscaled() -> dict[int, float]:
    """Return the error of the learned coarse equation over that of the upscaled solve, by grid."""
    learned, upscaled = load("box_learned")["models"]["learned"], load("box")["coarse"]["upscaled"]
    return {int(grid): learned[grid]["relative_l2"] / upscaled[grid]["relative_l2"] for grid in ("17", "33")}


def box_solver() -> str:
    found = load("box_solver")
    rows = [
        [name if name == "manojax" else f"pyamg {name}", f"{row['ratio']:.1f} ({1e3 * row['seconds']:.0f} ms)"]
        for name, row in found["rows"].items()
    ]
    return table(found, ["solver", "time over manojax"], rows)
