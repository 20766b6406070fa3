"""Operators built from their names and options."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

import manojax
from manojax.operators.base import ModelConfig, Operator
from pde.equations.darcy.learned import FEATURES, LearnedEquation, channels
from pde.preprocessing.view import View
from pde.system.errors import InputError, suggestion


def class_of(model: str, where: str = "--model") -> type[Operator]:
    """Return the class of a model by name (`manojax.find`).

    Args:
        model: the name.
        where: the flag or folder that names it, for the message.

    Raises:
        InputError: no such model, or one that cannot be imported.
    """
    try:
        return manojax.find(model)
    except ValueError as error:
        raise InputError(f"{where}: {error}{suggestion(model, manojax.MODELS)}") from error


def options_of(model: str) -> ModelConfig:
    """Return the default options of a model.

    Raises:
        InputError: no such model, or one that cannot be imported.
    """
    return class_of(model).Config()


def title_of(model: str) -> str:
    """Return the name of a model in figures: ViT for vit; another name stays as it is."""
    return manojax.MODELS[model].__name__ if model in manojax.MODELS else model


def create(
    model: str,
    options: ModelConfig,
    view: View,
    precision: str,
    seed: int,
    dimensions: int = 2,
    outputs: int = 1,
    periodic: tuple[bool, ...] = (),
) -> Operator:
    """Build the operator of a training, with its initial parameters.

    Args:
        model: the name of the model.
        options: its options.
        view: the fields that it sees; with a learned equation the model is the network inside.
        precision: type of the activations.
        seed: seed of the parameters.
        dimensions: number of axes of its grids.
        outputs: number of fields that it makes.
        periodic: True for each axis that is periodic; by default none is.

    Raises:
        InputError: an option that does not fit.
    """
    rngs = nnx.Rngs(seed)
    sizes: dict[str, Any] = {"in_channels": view.channels, "out_channels": outputs}
    sizes |= {"dimensions": dimensions, "periodic": periodic}
    if view.learns_equation:
        sizes |= {"in_channels": channels(dimensions), "out_channels": FEATURES}
    try:
        operator = manojax.create(
            model, **sizes, dtype=jnp.dtype(precision), rngs=rngs, **dataclasses.asdict(options)
        )
        if view.learns_equation:
            return LearnedEquation(operator, corrected=view.informed == "learned-corrected", rngs=rngs)
        return operator
    except ValueError as error:
        raise InputError(f"--model {model}: {error}") from error


def split(module: nnx.Module) -> tuple[nnx.GraphDef, dict[str, Any]]:
    """Split a module into its structure and its parameters as a plain pytree."""
    graph, state = nnx.split(module, nnx.Param)
    return graph, nnx.to_pure_dict(state)


def size_of(params: Any) -> int:
    """Return the number of real numbers in parameters."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))
