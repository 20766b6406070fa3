"""Operators and the solver beside the limits of the machine (`results/roofline.json`): tables and a picture."""

import numpy as np
from matplotlib.figure import Figure

from benchmarks.pages.cells import Results, table
from benchmarks.record import ROOT, load
from pde.plots.style import legend, model_styles, ruled, save, wide
from pde.runs.build import title_of

PICTURE = ROOT / "docs" / "roofline.png"
INTENSITIES = np.geomspace(0.1, 100, 50)


def operators_and_limits() -> str:
    """Return times of training steps beside those that arithmetic and memory alone would take."""
    found, rows = load("roofline"), []
    for row in found["operators"]:
        arithmetic = row["operations"] / found["operations a second"]
        memory = row["bytes"] / row["bytes a second"]
        times = (f"{1e3 * each:.0f}" for each in (row["seconds"], arithmetic, memory))
        counts = f"{row['operations'] / 1e9:.1f}", f"{row['bytes'] / 1e9:.1f}"
        rows.append([_name(row), *counts, *times, f"{max(arithmetic, memory) / row['seconds']:.2f}"])
    columns = "G operations", "GB", "step, ms", "arithmetic, ms", "memory, ms", "limit / step"
    return table(found, ["", *columns], rows)


def solver_and_limits() -> str:
    """Return bytes and bandwidth of iterations of the solver."""
    found, rows = load("roofline"), []
    for row in found["solver"]:
        points = found["cores"] * row["side"] ** 2
        reached = row["bytes"] / row["seconds"]
        rates = (f"{each / 1e9:.0f}" for each in (reached, row["bytes a second"]))
        cells = f"{row['bytes'] / points:.0f}", f"{1e9 * row['seconds'] / points:.1f}", *rates
        rows.append([f"{row['side']} x {row['side']}", *cells, f"{reached / row['bytes a second']:.2f}"])
    columns = "bytes a point", "ns a point", "GB/s", "copies, GB/s", "fraction"
    return table(found, ["an iteration at", *columns], rows)


def roofline_figures() -> dict[str, float]:
    """Return the figures that the text quotes."""
    found = load("roofline")
    steps = {(row["model"], row["side"]): row["seconds"] for row in found["operators"]}
    ratios = [steps["mano", side] / steps["unet", side] for side in (31, 128)]
    sides, seconds = zip(*((row["side"], row["seconds"]) for row in found["copies"]), strict=True)
    grown = np.polyfit(np.log(np.square(sides)), np.log(seconds), 1)[0]
    mano, unet = (row for row in found["operators"] if row["model"] in ("mano", "unet") and row["side"] == 31)
    return {
        "gflops": found["operations a second"] / 1e9,
        "copies": found["bytes a second, 1 GB"] / 1e9,
        "beside_unet": min(ratios),
        "beside_unet_at_most": max(ratios),
        "at_its_limit": mano["bytes"] / mano["bytes a second"] / unet["seconds"],
        "copies_grow": grown,
        "mano_grows": load("operators")["mano"]["forward seconds exponent from the second grid"],
    }


def draw() -> None:
    save(figure_of(load("roofline")), PICTURE)


def figure_of(found: Results) -> Figure:
    """Draw operations a second by operations a byte, under the roofs of arithmetic and of two bandwidths."""
    figure, axes = wide()
    highest = found["operations a second"] / 1e9
    rows = [*found["operators"], *found["solver"]]
    cache = max(row["bytes a second"] for row in rows) / 1e9
    for bandwidth, style, name in (
        (cache, "--", "limit, copies in the cache"),
        (found["bytes a second, 1 GB"] / 1e9, "-", "limit, copies of 1 GB"),
    ):
        roof = np.minimum(highest, bandwidth * INTENSITIES)
        axes.plot(INTENSITIES, roof, style, color="black", linewidth=1.2, label=f"{name}: {bandwidth:.0f} GB/s")
    styles = model_styles()
    for name in dict.fromkeys(row.get("model", "solver") for row in rows):
        marker, colour = next(styles)
        chosen = [row for row in rows if row.get("model", "solver") == name]
        intensities = [row["operations"] / row["bytes"] for row in chosen]
        rates = [row["operations"] / row["seconds"] / 1e9 for row in chosen]
        sides = ", ".join(str(row["side"]) for row in chosen)
        label = f"{name if name == 'solver' else title_of(name)} at {sides}"
        axes.plot(intensities, rates, marker, color=colour, label=label)
    axes.set(xscale="log", yscale="log", xlabel="operations a byte", ylabel="operations, 10^9 a second")
    ruled(axes, "both")
    legend(figure)
    return figure


def _name(row: Results) -> str:
    return f"{title_of(row['model'])}, {row['batch']} samples of {row['side']} x {row['side']}"
