"""Operators built from a name, options and a training's configuration."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from flax import nnx

import manojax
from manojax.operators.base import ModelConfig, Operator
from pde.runs.config import TrainingConfig
from pde.system.errors import InputError, suggestion


def options_of(model: str) -> ModelConfig:
    """Return the default options of a model.

    Raises:
        InputError: no such model.
    """
    if model not in manojax.MODELS:
        known = ", ".join(manojax.MODELS)
        raise InputError(
            f"--model {model}: there is no such model{suggestion(model, manojax.MODELS)} (there are {known})"
        )
    return manojax.MODELS[model].Config()


def title_of(model: str) -> str:
    """Return the name of a model in figures: ViT for vit; another name stays as it is."""
    return manojax.MODELS[model].__name__ if model in manojax.MODELS else model


def create(model: str, options: ModelConfig, config: TrainingConfig) -> Operator:
    """Build the operator of a training, with its initial parameters.

    Raises:
        InputError: an option that does not fit.
    """
    try:
        return manojax.create(
            model,
            in_channels=config.view.channels,
            dtype=jnp.dtype(config.precision),
            rngs=nnx.Rngs(config.seed),
            **dataclasses.asdict(options),
        )
    except ValueError as error:
        raise InputError(f"--model {model}: {error}") from error


def split(module: nnx.Module) -> tuple[nnx.GraphDef, dict[str, Any]]:
    """Split a module into its structure and its parameters as a plain pytree."""
    graph, state = nnx.split(module, nnx.Param)
    return graph, nnx.to_pure_dict(state)
