"""Neural operators for PDE surrogates: arrays in, arrays out."""

from manojax.anchored import Anchored
from manojax.fast_multipole import FastMultipoleAttention
from manojax.fma import FMA, FMAConfig
from manojax.fno import FNO, FNOConfig
from manojax.grids import interpolate, nearest, unit_nodes
from manojax.mano import MANO, MANOConfig
from manojax.mgno import MgNO, MgNOConfig
from manojax.multipole import MultipoleAttention
from manojax.neuraloperator import from_neuraloperator
from manojax.registry import MODELS, create
from manojax.sharding import sharded
from manojax.spectral import SpectralConv
from manojax.transolver import Transolver, TransolverConfig
from manojax.unet import UNet, UNetConfig
from manojax.vit import FullAttention, FullAttentionConfig, ViT, ViTConfig

__all__ = [
    "FMA",
    "FNO",
    "MANO",
    "MODELS",
    "Anchored",
    "FMAConfig",
    "FNOConfig",
    "FastMultipoleAttention",
    "FullAttention",
    "FullAttentionConfig",
    "MANOConfig",
    "MgNO",
    "MgNOConfig",
    "MultipoleAttention",
    "SpectralConv",
    "Transolver",
    "TransolverConfig",
    "UNet",
    "UNetConfig",
    "ViT",
    "ViTConfig",
    "create",
    "from_neuraloperator",
    "interpolate",
    "nearest",
    "sharded",
    "unit_nodes",
]
