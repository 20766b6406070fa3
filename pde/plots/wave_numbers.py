"""Energy against wave number."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from pde.metrics.spectra import shell_energy
from pde.plots.style import legend, model_styles, ruled, wide

Fields = Float[np.ndarray, " sample *grid"]


def spectra(true: Fields, predictions: Mapping[str, Fields], *, trained: int | None = None) -> Figure:
    """Energy by wave number (`pde.metrics.spectra.shell_energy`), mean over samples, of solutions, predictions and
    errors.

    Where an error (dashed) reaches the solution (black), the prediction has nothing right.

    Args:
        true: the solutions.
        predictions: predictions by name, on the same grid.
        trained: points a side of the training grid; marks the largest wave number that this grid resolves.
    """
    figure, axes = wide()
    largest = min(true.shape[1:]) // 2  # beyond it shells are cut by the corners
    shells = np.arange(1, largest + 1)

    def energy(fields: Fields) -> Float[np.ndarray, " shell"]:
        return shell_energy(fields).mean(axis=0)[shells]

    axes.plot(shells, energy(true), color="black", linewidth=2.5, label="solution")
    for (name, predicted), (marker, colour) in zip(predictions.items(), model_styles(), strict=False):
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4, "markevery": 0.08}
        axes.plot(shells, energy(predicted), "-", label=name, **style)
        axes.plot(shells, energy(predicted - true), "--", label=f"{name}, error", markerfacecolor="white", **style)
    if trained is not None:
        axes.axvline(trained // 2, color="0.7", linewidth=1, zorder=0)
        at = {"xy": (trained // 2, 1), "xycoords": ("data", "axes fraction"), "xytext": (3, -10)}
        axes.annotate("training grid", textcoords="offset points", fontsize=7, **at)
    axes.set(xscale="log", xlabel="wave number |k|, periods a side")
    axes.set(yscale="log", ylabel="energy, squared unit of the solution")
    ruled(axes)
    legend(figure)
    return figure
