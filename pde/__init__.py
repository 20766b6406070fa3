"""PDE problems for neural operators: data, training, evaluation."""

from pde.darcy import Darcy
from pde.errors import InputError
from pde.evaluation import evaluate
from pde.exported import Exported, load_exported
from pde.generation import generate
from pde.grid import Grid
from pde.runs import TrainingConfig
from pde.surrogate import Surrogate, load
from pde.training import train

__all__ = [
    "Darcy",
    "Exported",
    "Grid",
    "InputError",
    "Surrogate",
    "TrainingConfig",
    "evaluate",
    "generate",
    "load",
    "load_exported",
    "train",
]
