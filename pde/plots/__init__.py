"""Figures for notebooks, command line and reports.

Figures are readable in greyscale: curves differ by marker and line, not by colour alone. Functions return a
`matplotlib.figure.Figure`, which a notebook shows and `save` writes.
"""

from pde.plots.costs import errors_by_time
from pde.plots.curves import error_breakdown, errors_by_grid, learning_curves
from pde.plots.fields import fields, sample_fields, worst_samples
from pde.plots.spectra import spectra
from pde.plots.style import save

__all__ = [
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
