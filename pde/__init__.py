"""PDE problems for neural operators: data, training, evaluation."""

from pde.errors import InputError
from pde.exported import Exported, load_exported
from pde.surrogate import Surrogate, load

__all__ = ["Exported", "InputError", "Surrogate", "load", "load_exported"]
