"""The style that all figures share."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from pde.system.errors import InputError
from pde.system.files import write_aside

# From dark to light and back, so that neighbours differ in greyscale too.
_COLOURS = ("#1f5a94", "#d9772b", "#1b5e33", "#b58bd1", "#444444", "#e0559a")
_MARKERS = "osD^vP"
_REFERENCE_MARKERS = "x+12"


def model_styles() -> Iterator[tuple[str, str]]:
    """Yield marker and colour for one model after another."""
    return zip(cycle(_MARKERS), cycle(_COLOURS), strict=False)


def reference_markers() -> Iterator[str]:
    """Yield the markers of baselines, which are drawn in black."""
    return cycle(_REFERENCE_MARKERS)


def open_markers() -> Iterator[str]:
    """Yield markers that can be drawn open."""
    return cycle(_MARKERS)


def wide(height: float = 4.2) -> tuple[Figure, Axes]:
    """Make a figure of one panel with room for a legend at its right."""
    figure = Figure(figsize=(8.2, height), layout="constrained")
    return figure, figure.subplots()


def ruled(axes: Axes, axis: Literal["x", "y", "both"] = "y") -> None:
    """Draw faint lines across the panel at the ticks of an axis."""
    axes.grid(which="both", axis=axis, color="0.9")
    axes.set_axisbelow(True)


def legend(figure: Figure) -> None:
    """Place the legend beside the panel, where it hides nothing."""
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)


def whole_numbers(axes: Axes, ticks: list[int]) -> None:
    """Set the ticks of a logarithmic x axis to these numbers only, written in full."""
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def save(figure: Figure, path: str | Path) -> None:
    """Write a PNG or an SVG, by the ending of the name; the file appears whole or not at all.

    Raises:
        InputError: another ending, or a place that cannot be written to.
    """
    path = Path(path)
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("png", "svg"):
        raise InputError(f"{path}: figures are written as .png or .svg; choose one of these endings")
    # The same figure has the same bytes: no date, no random names of clips.
    with write_aside(path) as aside, matplotlib.rc_context({"svg.hashsalt": "manojax"}):
        figure.savefig(aside, format=kind, dpi=140, metadata={"Date": None} if kind == "svg" else None)
