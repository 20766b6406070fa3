"""Laws of coefficients that operators are tested on, beside the two-phase law 12/3 that they were trained on."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array


def log_normal(g: Array) -> Array:
    return 6 * jnp.exp(math.log(2) / 0.292 * g)  # 0.292 is the deviation of g


LAWS: dict[str, dict[str, Any]] = {
    "6/3": {"contrast_high": 6.0},
    "24/3": {"contrast_high": 24.0},
    "100/3": {"contrast_high": 100.0},
    "24/6": {"contrast_high": 24.0, "contrast_low": 6.0},
    "tau-1.5": {"tau": 1.5},
    "tau-6": {"tau": 6.0},
    "tau-12": {"tau": 12.0},
    "3/6/12": {"coefficient": "k-phase", "phases": (3.0, 6.0, 12.0)},
    "log-normal": {"coefficient": log_normal},
    "log-normal-6": {"coefficient": "log-normal", "log_scale": 6.0},
}
