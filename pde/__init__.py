"""PDE problems for neural operators: data, training, evaluation."""

from pde.darcy import Darcy
from pde.errors import InputError
from pde.evaluation import evaluate
from pde.generation import generate
from pde.grid import Grid
from pde.runs import TrainingConfig
from pde.surrogate import Surrogate, load
from pde.training import train

__all__ = [
    "Darcy",
    "Grid",
    "InputError",
    "Surrogate",
    "TrainingConfig",
    "evaluate",
    "generate",
    "load",
    "train",
]
