"""Errors of predicted fields: norms, errors of each sample, near interfaces, by wave number, and over samples.

It uses `pde.grids` and `pde.system`. It offers the relative errors that every table quotes.
"""

from pde.metrics.norms import RELATIVE, mean_errors, relative_h1, relative_l2, relative_mse, sample_errors

__all__ = ["RELATIVE", "mean_errors", "relative_h1", "relative_l2", "relative_mse", "sample_errors"]
