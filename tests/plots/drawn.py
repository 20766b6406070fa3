"""What a figure shows, read back from it."""

import numpy as np

from pde.grids.grid import Grid

GRID = Grid((np.linspace(0, 2, 9), np.linspace(0, 1, 5)), domain=(0.0, 2.0, 0.0, 1.0))
X, Y = np.meshgrid(GRID.x, GRID.y, indexing="ij")


def report(model, scale):
    rows = [
        {"resolution": n, "direct": {"relative_l2": scale / n}, "resample": {"relative_l2": scale / 9}}
        for n in (9, 17, 33)
    ]
    return {"model": model, "train_resolution": 9, "rows": rows}


def curves(figure):
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


def drawn_points(figure):
    """Where the curves of a figure pass through: {label: (x, y)}."""
    return {label: (list(line.get_xdata()), list(line.get_ydata())) for label, line in curves(figure).items()}


def panels(figure):
    """The fields of a figure by the titles of their panels."""
    return {axes.get_title(): axes.collections[0] for axes in figure.axes if axes.get_title()}
