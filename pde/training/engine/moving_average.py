"""A moving average of the parameters over the steps of training, evaluated and kept in their place."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Float, Int


class Averaging(NamedTuple):
    """The state of an optimiser that keeps an average."""

    inner: Any
    average: Any
    """Average of the parameters, in their structure."""
    steps: Int[Array, ""]


def with_average(optimiser: optax.GradientTransformation, decay: float) -> optax.GradientTransformation:
    """Make an optimiser that also keeps the exponential moving average (EMA) of the parameters after each step.

        average_t = sum_s decay^(t-s) w_s / sum_s decay^(t-s),        s = 1 ... t

    Source: Kingma and Ba, arXiv 1412.6980, section 3, for the weight that makes it exact from the first step on.
    """

    def init(params: Any) -> Averaging:
        return Averaging(optimiser.init(params), params, jnp.zeros((), jnp.int32))

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Averaging]:
        updates, inner = optimiser.update(updates, state.inner, params)
        steps = state.steps + 1
        weight: Float[Array, ""] = (1 - decay) / (1 - decay ** steps.astype(jnp.float32))
        average = jax.tree.map(
            lambda mean, new: mean + weight * (new - mean), state.average, optax.apply_updates(params, updates)
        )
        return updates, Averaging(inner, average, steps)

    return optax.GradientTransformation(init, update)


def exchanged(params: Any, optimiser_state: Any) -> tuple[Any, Any]:
    """Exchange the parameters and their average; without an average nothing changes.

    A state is saved after this exchange, so the parameters restored from it are those to evaluate.
    """
    if not isinstance(optimiser_state, Averaging):
        return params, optimiser_state
    return optimiser_state.average, optimiser_state._replace(average=params)
