"""Neural operators for PDE surrogates: arrays in, arrays out."""

from manojax.fno import FNO, FNOConfig
from manojax.grids import interpolate, nearest, unit_nodes
from manojax.mano import MANO, MANOConfig
from manojax.multipole import MultipoleAttention
from manojax.neuraloperator import from_neuraloperator
from manojax.registry import MODELS, create
from manojax.spectral import SpectralConv
from manojax.vit import ViT, ViTConfig

__all__ = [
    "FNO",
    "MANO",
    "MODELS",
    "FNOConfig",
    "MANOConfig",
    "MultipoleAttention",
    "SpectralConv",
    "ViT",
    "ViTConfig",
    "create",
    "from_neuraloperator",
    "interpolate",
    "nearest",
    "unit_nodes",
]
