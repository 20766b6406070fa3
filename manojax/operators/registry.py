"""Models by name."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike

from manojax.operators.base import Operator
from manojax.operators.fma import FMA
from manojax.operators.fno import FNO
from manojax.operators.mano import MANO, PaperMANO, ReferenceMANO
from manojax.operators.mgno import MgNO
from manojax.operators.transolver import Transolver
from manojax.operators.unet import UNet
from manojax.operators.vit import FullAttention, ViT

MODELS: dict[str, type[Operator]] = {
    "mano": MANO,
    "mano-paper": PaperMANO,
    "mano-reference": ReferenceMANO,
    "fma": FMA,
    "fno": FNO,
    "vit": ViT,
    "full-attention": FullAttention,
    "unet": UNet,
    "mgno": MgNO,
    "transolver": Transolver,
}


def create(
    name: str,
    *,
    in_channels: int = 1,
    out_channels: int = 1,
    dimensions: int = 2,
    dtype: DTypeLike = jnp.float32,
    rngs: nnx.Rngs,
    **options: Any,
) -> Operator:
    """Build a model by name: `create("mano", width=32, depth=4, rngs=nnx.Rngs(0))`.

    Args:
        name: one of `MODELS`.
        in_channels: channels of the input fields, coordinates not counted.
        out_channels: channels of the output fields.
        dimensions: axes of the grid, 1 to 3.
        dtype: of the activations (parameters are float32); FFTs and softmax stay in float32.
        rngs: where the parameters' random numbers come from.
        options: fields of the model's config; what is not given keeps its default.

    Raises:
        ValueError: no such model or option, or an argument that does not fit, in one sentence with its mend.
    """
    if name not in MODELS:
        raise ValueError(f"no model is named {name!r}; there are {', '.join(MODELS)}")
    model = MODELS[name]
    known = [field.name for field in dataclasses.fields(model.Config)]
    for option in options:
        if option not in known:
            raise ValueError(f"{name} has no option {option!r}; it has {', '.join(known)}")
    config = model.Config(**options)
    return model(in_channels, out_channels, config, dimensions=dimensions, dtype=dtype, rngs=rngs)
