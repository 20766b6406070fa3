"""Figures for notebooks, command line and reports, readable in greyscale: curves differ by marker and line too.

They use runs, metrics and grids. They offer `fields`, `learning_curves`, `errors_by_grid`, `spectra` and others,
which return a figure of matplotlib for a notebook to show, and `save`, which writes it.
"""

from pde.plots.costs import errors_by_time
from pde.plots.curves import error_breakdown, errors_by_grid, learning_curves
from pde.plots.live_curves import LiveCurves
from pde.plots.panels import fields, sample_fields, worst_samples
from pde.plots.style import save
from pde.plots.wave_numbers import spectra

__all__ = [
    "LiveCurves",
    "error_breakdown",
    "errors_by_grid",
    "errors_by_time",
    "fields",
    "learning_curves",
    "sample_fields",
    "save",
    "spectra",
    "worst_samples",
]
