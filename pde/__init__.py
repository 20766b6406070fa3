"""PDE problems for neural operators: data, training, evaluation."""

from pde.errors import InputError
from pde.surrogate import Surrogate, load

__all__ = ["InputError", "Surrogate", "load"]
