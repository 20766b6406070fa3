"""The optimiser: Muon for matrices and convolutions, AdamW for all other parameters."""

from typing import Any

import jax
import optax
from jax import Array
from optax.contrib import MuonDimensionNumbers, muon

from pde.training.engine.moving_average import with_average


def make_optimiser(
    steps: int, *, learning_rate: float, weight_decay: float, ema: float | None = None
) -> optax.GradientTransformation:
    """Muon with clipping, a linear warm-up and a cosine towards zero.

    Let M = U S V^T be the momentum of a kernel's gradient, as an n x m matrix from everything that the kernel sums
    over to its outputs. A step is -rate 0.2 sqrt(max(n, m)) U V^T: all singular directions move equally far, and
    entries about as far as under AdamW at the same rate. Other parameters (biases, scales, spectral weights) move
    by AdamW. Both use Nesterov momentum. With `ema`, the decay of an average of the parameters, the state also
    holds this average (`pde.training.engine.moving_average`).

    Source: Jordan, Muon (2024); Liu et al., arXiv 2502.16982, section 2.2, for the scale.
    """
    core = muon(
        warmup_cosine(steps, learning_rate),
        weight_decay=weight_decay,
        adam_weight_decay=weight_decay,
        consistent_rms=0.2,
        muon_weight_dimension_numbers=_kernels,
    )
    clipped = optax.chain(optax.clip_by_global_norm(1.0), core)
    return clipped if ema is None else with_average(clipped, ema)


def warmup_cosine(steps: int, peak: float) -> optax.Schedule:
    """Make the schedule of rates: a linear warm-up over a twentieth of the steps, then a cosine.

    With w steps of warm-up, step n of 1 ... N has the rate

        peak n / w                                                  up to n = w,
        peak (1 + cos(pi (n - w) / (N + 1 - w))) / 2                 from there on,

    so neither the first step nor the last has rate zero. The schedule is called with the number of earlier steps.
    """
    rates = optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=peak,
        warmup_steps=max(1, steps // 20),
        decay_steps=steps + 1,
    )
    return lambda steps_before: rates(steps_before + 1)


def _kernels(params: Any) -> Any:
    """Find for each kernel the axes that it sums over, and its outputs; None for other parameters."""

    def axes(path: tuple[Any, ...], leaf: Array) -> MuonDimensionNumbers | None:
        *inputs, output = range(leaf.ndim)
        return MuonDimensionNumbers(tuple(inputs), output) if path[-1].key == "kernel" else None

    return jax.tree.map_with_path(axes, params)
