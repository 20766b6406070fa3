"""Error against time of plain schemes and trained operators, from `results/front.json`: tables and a picture."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.fronts import fastest
from benchmarks.pages.cells import Results, size, table
from benchmarks.record import RESULTS, ROOT, load
from pde.plots.style import legend, ruled, save

FOUND, PICTURE = RESULTS / "front.json", ROOT / "docs" / "front.png"
MEASURES = {"own nodes": "at the scheme's own nodes", "all nodes": "on all 421 x 421 nodes"}
ERRORS = (0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002)
FINE = 1e-4
"""Error of the fine multigrid that the text quotes."""
LEAST_ERROR = 1e-5
"""Lower end of the picture: converged fine solves lie below it."""
NOT_RUN = "Not run yet: `python -m benchmarks.accuracy.front FOLDER --json benchmarks/results/front.json`."
GROUPS = {
    "coarse solves, strided coefficient": ("arithmetic", "harmonic", "mean"),
    "coarse solves, upscaled": ("upscaled",),
    "extrapolated": ("extrapolated",),
    "fine solves: multigrid, stopped early, and SuperLU": ("multigrid", "SuperLU"),
    "learned coarse equations": ("learned",),
    "operators alone": ("mano, stride", "fno, stride", "unet, stride"),
    "operators, cell means": ("mano, means", "fno, means", "unet, means"),
    "operators, upscaled solve": ("mano, upscaled", "fno, upscaled", "unet, upscaled"),
}
"""Beginnings of the names of schemes."""
STYLES = (
    ("o", "0.75"),
    ("s", "0.45"),
    ("^", "0.45"),
    ("D", "black"),
    ("o", "#1f5a94"),
    ("v", "#d9772b"),
    ("P", "#b58bd1"),
    ("X", "#1b5e33"),
)


def front() -> str:
    """Return the fastest plain scheme and the fastest trained one for an error of at most each of some."""
    if not FOUND.exists():
        return NOT_RUN
    found, rows = load("front"), []
    for measure in found["ahead"]:
        chosen = found["finalists"][measure]
        for error in ERRORS:
            plain, trained = (fastest(chosen, error, trained=kind) for kind in (False, True))
            ratio = f"{plain['milliseconds'] / trained['milliseconds']:.2f}" if plain and trained else "-"
            rows.append([f"{error:g}, {measure}", described(plain), described(trained), ratio])
    header = ["error at most", "fastest plain scheme", "fastest trained", "plain / trained"]
    picture = f"![Error against time of plain schemes and trained operators]({PICTURE.name})"
    return f"{table(found, header, rows)}\n\n{picture}"


def alone() -> str:
    """Return the operators that are no learned equations, beside the plain scheme that is as exact."""
    if not FOUND.exists():
        return NOT_RUN
    found, rows = load("front"), []
    own = timed(found, "own nodes")
    for row in own:
        if not row["trained"] or row["family"].startswith("learned"):
            continue
        run = found["training"][row["family"]]
        plain = fastest(own, row["relative_l2"], trained=False)
        rows.append(
            [
                row["family"],
                size(run["parameters"]),
                f"{run['seconds'] / 60:.0f}",
                f"{row['relative_l2']:.4f}",
                f"{row['milliseconds']:.1f}",
                described(plain),
            ]
        )
    header = ["trained", "parameters", "minutes", "L2", "ms", "fastest plain scheme of at most its error"]
    return table(found, header, rows)


def front_figures() -> dict[str, Any]:
    """Return the figures that the text quotes, by the names of the template."""
    found = load("front")
    own, everywhere = (timed(found, measure) for measure in MEASURES)
    ratios = [row["pass to pass"] for rows in found["finalists"].values() for row in rows]
    converging = fastest(everywhere, FINE, trained=False)
    assert converging is not None
    meanwhile = [row for row in everywhere if row["trained"] and row["milliseconds"] <= converging["milliseconds"]]
    (ahead,), (elsewhere,) = (each["ahead"]["own nodes"] for each in (found, load("front_epyc")))
    return {
        "ahead": ahead,
        "gain": ahead["gain"] - 1,
        "gain_elsewhere": elsewhere["gain"] - 1,
        "upscaled": {row["nodes"]: row for row in own if row["family"] == "upscaled, sums by rows"},
        "fine": converging,
        "meanwhile": min(row["relative_l2"] for row in meanwhile),
        "repeats": np.median(ratios) - 1,
        "repeats_at_most": max(ratios) - 1,
    }


def timed(found: Results, measure: str) -> list[Results]:
    """Return all rows of a measure, finalists with the times of their second measurement."""
    again = {_name(row): row for row in found["finalists"][measure]}
    return [again.get(_name(row), row) for row in found["rows"] if measure in row["measures"]]


def _name(row: Results) -> tuple[str, int, str]:
    return row["family"], row["nodes"], row["carried by"]


def described(row: Results | None) -> str:
    if row is None:
        return "none"
    how = f", {row['carried by']}" if row["carried by"] else ""
    return f"{row['family']} at {row['nodes']}{how}: {row['milliseconds']:.1f} ms"


def draw() -> None:
    """Write the picture, if there are results."""
    if FOUND.exists():
        found = load("front")
        save(figure_of(found), PICTURE)


def figure_of(found: Results) -> Figure:
    measures = list(found["finalists"])
    figure = Figure(figsize=(4 + 4 * len(measures), 4.4), layout="constrained")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    left = panels[0]
    for axes, measure in zip(panels, measures, strict=True):
        visible = [row for row in timed(found, measure) if row["relative_l2"] >= LEAST_ERROR]
        for (name, beginnings), (marker, colour) in zip(GROUPS.items(), STYLES, strict=True):
            points = [row for row in visible if row["family"].startswith(beginnings)]
            times, errors = ([row[key] for row in points] for key in ("milliseconds", "relative_l2"))
            axes.plot(times, errors, marker, color=colour, markersize=4, label=name if axes is left else None)
        for trained, colour in ((False, "0.45"), (True, "#1f5a94")):
            step(axes, (row for row in found["finalists"][measure] if row["trained"] == trained), colour)
        axes.set(xscale="log", yscale="log", xlabel="milliseconds a sample", title=MEASURES[measure])
        axes.set_ylim(bottom=LEAST_ERROR)
        ruled(axes, "both")
    left.set_ylabel("mean relative L2 error")
    legend(figure)
    return figure


def step(axes: Axes, rows: Iterable[Results], colour: str) -> None:
    """Draw the least error that is reached by each time."""
    times, errors = [], []
    for row in sorted(rows, key=lambda row: row["milliseconds"]):
        if not errors or row["relative_l2"] < errors[-1]:
            times.append(row["milliseconds"])
            errors.append(row["relative_l2"])
    axes.step(times, errors, where="post", color=colour, linewidth=1.2)
