"""The samples of an evaluation as figures, a figure for each scalar or vector."""

from matplotlib.figure import Figure

from pde import plots
from pde.evaluation.figures import OneSample, WorstSamples


def sample_figure(one: OneSample) -> Figure:
    """Draw a sample with its predictions and their errors."""
    shown = one.field, one.output, one.predictions, one.grid
    return plots.sample_fields(*shown, one.input, output=one.name)


def worst_figure(worst: WorstSamples) -> Figure:
    """Draw the samples of largest error."""
    return plots.worst_samples(worst.samples, worst.grid, name=worst.input, output=worst.name)
