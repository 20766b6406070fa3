"""Models by name: ours, models of installed packages, and any class that can be imported."""

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
from manojax.operators.named import named
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
"""Classes by name. A class that is added here has its name for the rest of the process."""


def find(name: str) -> type[Operator]:
    """Return the class of a model.

    Args:
        name: one of `MODELS`; an entry point of the group `manojax.models`, with which an installed package names
            a class of its own; or `package.module:Class`.

    Raises:
        ValueError: no such model, a class that cannot be imported, or a class that is no operator.
    """
    if name in MODELS:
        return MODELS[name]
    found = named(name, "manojax.models")
    if found is None:
        raise ValueError(f"no model is named {name!r}; there are {', '.join(MODELS)}, or package.module:Class")
    if not (isinstance(found, type) and issubclass(found, Operator)):
        raise ValueError(f"{name} is no operator; name a subclass of manojax.Operator")
    return found


def name_of(model: type[Operator]) -> str:
    """Return the name by which `find` finds a model's class."""
    ours = (name for name, each in MODELS.items() if each is model)
    return next(ours, f"{model.__module__}:{model.__qualname__}")


def create(
    name: str,
    *,
    in_channels: int = 1,
    out_channels: int = 1,
    dimensions: int = 2,
    periodic: tuple[bool, ...] = (),
    dtype: DTypeLike = jnp.float32,
    rngs: nnx.Rngs,
    **options: Any,
) -> Operator:
    """Build a model by name: `create("mano", width=32, depth=4, rngs=nnx.Rngs(0))`.

    Args:
        name: one of `MODELS`, or another name that `find` knows.
        in_channels: channels of the input fields, coordinates not counted.
        out_channels: channels of the output fields.
        dimensions: axes of the grid, 1 to 3.
        periodic: True for each axis that is periodic; by default none is.
        dtype: precision of activations; parameters, FFTs and softmax stay in float32.
        rngs: random numbers of the parameters.
        options: fields of the model's config; the others keep their defaults.

    Raises:
        ValueError: no such model or option, or an argument that does not fit; one sentence says what to give.
    """
    model = find(name)
    known = [field.name for field in dataclasses.fields(model.Config)]
    for option in options:
        if option not in known:
            raise ValueError(f"{name} has no option {option!r}; it has {', '.join(known)}")
    config = model.Config(**options)
    sizes = {"dimensions": dimensions, "periodic": periodic}
    return model(in_channels, out_channels, config, **sizes, dtype=dtype, rngs=rngs)
