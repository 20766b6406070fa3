"""Draw docs/multipole-attention-*.svg, for a light and for a dark page.

python -m benchmarks.pages.drawing
"""

from typing import NamedTuple

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from benchmarks.record import ROOT

Place = tuple[float, float]
FOLDER = ROOT / "docs"
SIDE, BETWEEN, BESIDE = 4.0, 1.7, 4.6
QUERY = 0.30, 0.58
"""Place of the point whose windows are drawn, as a fraction of the side."""


class Palette(NamedTuple):
    """Colours that also differ in grey."""

    ink: str
    line: str
    window: str


PALETTES = {"light": Palette("#1b1b1b", "#8a8a8a", "#9db8e8"), "dark": Palette("#e8e8e8", "#8f8f8f", "#3f5fa5")}
LEVELS = (8, 4, 2)
"""Points a side."""


def corner(level: int, column: int) -> tuple[float, float]:
    return column * (SIDE + BESIDE), -level * (SIDE + BETWEEN)


def draw_map(axes: Axes, level: int, column: int, palette: Palette) -> None:
    """Draw a map as cells; in the first column with the query and its window."""
    (left, below), points = corner(level, column), LEVELS[level]
    cell = SIDE / points
    if column == 0:
        x, y = (2 * int(part * points / 2) * cell for part in QUERY)
        axes.add_patch(Rectangle((left + x, below + y), 2 * cell, 2 * cell, facecolor=palette.window))
    for i in range(points + 1):
        width = 1.6 if i in (0, points) else 0.7
        axes.plot([left, left + SIDE], [below + i * cell] * 2, color=palette.line, linewidth=width)
        axes.plot([left + i * cell] * 2, [below, below + SIDE], color=palette.line, linewidth=width)
    if column == 0:
        x, y = ((int(part * points) + 0.5) * cell for part in QUERY)
        axes.plot(left + x, below + y, "o", color=palette.ink, markersize=6)


def arrow(axes: Axes, start: Place, end: Place, palette: Palette) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": palette.ink, "linewidth": 1.5})


def label(axes: Axes, at: Place, text: str, palette: Palette) -> None:
    axes.text(*at, text, color=palette.ink, fontsize=13, ha="center", va="center")


def join(axes: Axes, level: int, palette: Palette) -> None:
    """Draw attention at a level, and the arrows between it and the next."""
    left, below = corner(level, 0)
    height, space = below + SIDE / 2, 0.3
    arrow(axes, (left + SIDE + space, height), (left + SIDE + BESIDE - space, height), palette)
    points = LEVELS[level]
    label(axes, (left + SIDE + BESIDE / 2, height + 1.1), f"level {level}\n{points} x {points} points", palette)
    label(axes, (left + SIDE + BESIDE / 2, height - 0.8), "attention\nin windows", palette)
    if level + 1 < len(LEVELS):
        ends = below - space, below - BETWEEN + space
        for column, (start, end) in enumerate((ends, ends[::-1])):
            middle = corner(level, column)[0] + SIDE / 2
            arrow(axes, (middle, start), (middle, end), palette)
            text = ("down: D", "up and added: U")[column]
            side = middle + (1.4, -2.6)[column]
            label(axes, (side, below - BETWEEN / 2), text, palette)


def draw(palette: Palette) -> Figure:
    figure = Figure(figsize=(5.8, 7.2))
    axes = figure.add_subplot()
    for level in range(len(LEVELS)):
        for column in (0, 1):
            draw_map(axes, level, column, palette)
        join(axes, level, palette)
    for column, title in enumerate(("input", "output")):
        left, below = corner(0, column)
        label(axes, (left + SIDE / 2, below + SIDE + 0.6), title, palette)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.tight_layout(pad=0.2)
    return figure


def main() -> None:
    rcParams["svg.hashsalt"] = "multipole attention"  # the same file every time
    for name, palette in PALETTES.items():
        path = FOLDER / f"multipole-attention-{name}.svg"
        draw(palette).savefig(path, transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    main()
