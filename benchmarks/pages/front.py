"""Draw docs/front.png: error against time of plain schemes and trained operators, from `results/front.json`.

python -m benchmarks.pages.front
"""

from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.record import ROOT, load
from pde.plots.style import legend, ruled, save

PICTURE = ROOT / "docs" / "front.png"
PANELS = {"at the scheme's own nodes": True, "on all 421 x 421 nodes": False}
GROUPS = {
    "coarse solves, strided coefficient": ("arithmetic", "harmonic", "mean"),
    "coarse solves, upscaled": ("upscaled",),
    "extrapolated": ("extrapolated",),
    "fine multigrid, stopped": ("multigrid",),
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


def draw(rows: list[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, (title, own) in zip((left, right), PANELS.items(), strict=True):
        chosen = [row for row in rows if (row["measure"] == "own nodes") == own]
        for (name, beginnings), (marker, colour) in zip(GROUPS.items(), STYLES, strict=True):
            points = [row for row in chosen if row["family"].startswith(beginnings)]
            times, errors = ([row[key] for row in points] for key in ("milliseconds", "relative_l2"))
            axes.plot(times, errors, marker, color=colour, markersize=4, label=name if own else None)
        for trained, colour in ((False, "0.45"), (True, "#1f5a94")):
            step(axes, (row for row in chosen if row["trained"] == trained), colour)
        axes.set(xscale="log", yscale="log", xlabel="milliseconds a sample", title=title)
        ruled(axes, "both")
    left.set_ylabel("mean relative L2 error")
    legend(figure)
    return figure


def step(axes: Axes, rows: Iterable[dict[str, Any]], colour: str) -> None:
    """Draw the least error that is reached by each time."""
    times, errors = [], []
    for row in sorted(rows, key=lambda row: row["milliseconds"]):
        if not errors or row["relative_l2"] < errors[-1]:
            times.append(row["milliseconds"])
            errors.append(row["relative_l2"])
    axes.step(times, errors, where="post", color=colour, linewidth=1.2)


def main() -> None:
    save(draw(load("front")["rows"]), PICTURE)


if __name__ == "__main__":
    main()
