"""Errors of predicted fields: norms, errors of each sample, near interfaces, by wave number, and over samples.

It uses `pde.grids` and `manojax.layers.coordinates`. It offers `relative_l2`, `relative_h1` and `relative_mse`,
the errors that every table quotes, and `sample_errors` with all of them.
"""

from pde.metrics.norms import RELATIVE, mean_errors, relative_h1, relative_l2, relative_mse, sample_errors

__all__ = ["RELATIVE", "mean_errors", "relative_h1", "relative_l2", "relative_mse", "sample_errors"]
