"""PDE problems for neural operators: data, training, evaluation."""

from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.evaluation.evaluate import evaluate
from pde.grids.grid import Grid
from pde.preprocessing.view import View
from pde.runs.config import TrainingConfig
from pde.surrogates.exported import Exported, load_exported
from pde.surrogates.surrogate import Surrogate, load
from pde.system.errors import InputError
from pde.training.train import train

__all__ = [
    "Darcy",
    "Exported",
    "Grid",
    "InputError",
    "Surrogate",
    "TrainingConfig",
    "View",
    "evaluate",
    "generate",
    "load",
    "load_exported",
    "train",
]
