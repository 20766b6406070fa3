"""Neural operators for PDE surrogates: arrays in, arrays out.

The package uses JAX and Flax, and knows no files, no training and no equation. It offers every operator with its
options, such as `MANO` and `MANOConfig`, `create` and `find` by name, `Anchored`, `sharded` and the layers that
stand by themselves.
"""

from manojax.layers.coordinates import interpolate, nearest, unit_nodes
from manojax.layers.fast_multipole import FastMultipoleAttention
from manojax.layers.multipole import MultipoleAttention
from manojax.layers.spectral import SpectralConv
from manojax.operators.anchored import Anchored
from manojax.operators.base import ModelConfig, Operator
from manojax.operators.fma import FMA, FMAConfig
from manojax.operators.fno import FNO, FNOConfig
from manojax.operators.from_neuraloperator import from_neuraloperator
from manojax.operators.mano import MANO, MANOConfig
from manojax.operators.mgno import MgNO, MgNOConfig
from manojax.operators.registry import MODELS, create, find, name_of
from manojax.operators.sharding import sharded
from manojax.operators.transolver import Transolver, TransolverConfig
from manojax.operators.unet import UNet, UNetConfig
from manojax.operators.vit import FullAttention, FullAttentionConfig, ViT, ViTConfig

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
    "ModelConfig",
    "MultipoleAttention",
    "Operator",
    "SpectralConv",
    "Transolver",
    "TransolverConfig",
    "UNet",
    "UNetConfig",
    "ViT",
    "ViTConfig",
    "create",
    "find",
    "from_neuraloperator",
    "interpolate",
    "name_of",
    "nearest",
    "sharded",
    "unit_nodes",
]
