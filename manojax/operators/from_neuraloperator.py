"""Conversion of the FNO of github.com/neuraloperator/neuraloperator, version 2.0, to ours, with its weights."""

import re
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Complex, Float

from manojax.layers.basic import MLP, Linear
from manojax.operators.fno import FNO, FNOConfig

# Features that ours lacks, by the names of their arrays; then options, with the values that ours can express.
_FOREIGN_NAMES = {
    r"\.f[ri]\.": "complex fields",
    r"\.weight\.(core|factors|weights)": "factorised spectral weights",
    r"\.norm\.": "norms",
    r"channel_mlp_skips\.\d+\.conv": "linear skip around the channel MLP",
}
_KNOWN_OPTIONS = {
    "norm": (None,),
    "channel_mlp_skip": ("soft-gating", "identity"),
    "resolution_scaling_factor": (None,),
    "domain_padding": (None, 0),
    "stabilizer": (None,),
    "max_n_modes": (None,),
    "preactivation": (False,),
    "positional_embedding": ("grid", None),
}


def from_neuraloperator(state: Mapping[str, Any]) -> FNO:
    """Return an FNO that computes the same as the neuralop.models.FNO with this `state_dict()`.

    `state` holds arrays, or tensors on the CPU, by name; width, depth, modes and channels follow from names and
    shapes. Options without arrays are read from `_metadata`, which neuraloperator puts beside the arrays. Without
    it, they are taken to be neuraloperator's defaults, and a channel MLP without a skip of its own is taken to
    have the identity.

    neuraloperator appends i/n, i = 0 .. n - 1, to the fields along each axis; give ours these coordinates:
    `model(fields, tuple(np.arange(n, dtype=np.float32) / n for n in fields.shape[1:-1]))`.

    The two agree on grids with at least n_modes points an axis, of even length along all axes but the last. Along
    an axis with fewer points, neuraloperator keeps the Nyquist mode and ours drops it. The same happens on exactly
    n_modes points of the last axis if that number is even and the n_modes of all other axes are odd. Along an axis
    of odd length, neuraloperator's inverse transform lowers every frequency by one; ours does not.

    Raises:
        ValueError: the state has a feature that our FNO lacks, or an array is missing.
    """
    options = state.get("_metadata", {})
    arrays = _Arrays({name: np.asarray(value) for name, value in state.items() if name != "_metadata"})
    _refuse_what_ours_lacks(arrays, options)

    weight = arrays["fno_blocks.convs.0.weight.tensor"]
    dimensions, width = arrays["fno_blocks.convs.0.bias"].ndim - 1, weight.shape[0]
    if weight.ndim != dimensions + 2:
        raise ValueError("our FNO has no separable spectral weights")
    modes, nyquist = _modes(weight.shape[2:])
    coordinates = options.get("positional_embedding", "grid") is not None
    lift, projection = (arrays[f"{name}.fcs.0.weight"].shape for name in ("lifting", "projection"))
    config = FNOConfig(
        width=width,
        depth=sum(re.fullmatch(r"fno_blocks\.convs\.\d+\.bias", name) is not None for name in arrays),
        modes=modes,
        nyquist=nyquist,
        lift_ratio=lift[0] / width,
        projection_ratio=projection[0] / width,
        mlp_ratio=arrays["fno_blocks.channel_mlp.0.fcs.0.bias"].size / width,
        coordinates=coordinates,
    )
    inputs = lift[1] - dimensions if coordinates else lift[1]
    outputs = arrays["projection.fcs.1.bias"].size
    model = FNO(inputs, outputs, config, dimensions=dimensions, rngs=nnx.Rngs(0))
    _load(model, arrays)
    if arrays:
        raise ValueError(f"our FNO has no place for {', '.join(arrays)}")
    return model


class _Arrays(dict[str, np.ndarray]):
    def __missing__(self, name: str) -> np.ndarray:
        raise ValueError(f"the state has no {name}, which every FNO like ours has")

    def take(self, name: str) -> Array:
        """Remove an array and return it."""
        array = jnp.asarray(self[name])
        del self[name]
        return array


def _refuse_what_ours_lacks(arrays: _Arrays, options: Mapping[str, Any]) -> None:
    for pattern, what in _FOREIGN_NAMES.items():
        if any(re.search(pattern, name) for name in arrays):
            raise ValueError(f"our FNO has no {what}")
    for name, known in _KNOWN_OPTIONS.items():
        if options.get(name, known[0]) not in known:
            raise ValueError(f"our FNO has no {name} {options[name]!r}")
    activation = getattr(options.get("non_linearity"), "__name__", "gelu")
    if activation != "gelu":
        raise ValueError(f"our FNO has GELU, not {activation}")


def _modes(stored: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """Return our modes, and whether there are Nyquist modes.

    An even n_modes = n keeps -n/2 .. n/2 - 1, an odd one |k| < n/2. Along the last axis 0 .. n // 2 does not tell
    whether n was even, and need not: even and odd n differ on no grid of more than n points.
    """
    *others, last = stored
    nyquist = not others or any(n % 2 == 0 for n in others)
    return (*((n + 1) // 2 for n in others), max(1, last - nyquist)), nyquist


def _load(model: FNO, arrays: _Arrays) -> None:
    _load_mlp(model.lift, arrays, "lifting")
    _load_mlp(model.projection, arrays, "projection")
    for index, block in enumerate(model.blocks):
        weight = arrays.take(f"fno_blocks.convs.{index}.weight.tensor")
        block.spectral.weight[...] = _spectral(weight, block.spectral.weight.shape)
        _load_skip(block.skip, arrays, index)
        _load_mlp(block.mlp, arrays, f"fno_blocks.channel_mlp.{index}")
        gate = f"fno_blocks.channel_mlp_skips.{index}.weight"
        if gate in arrays:
            block.gate[...] = arrays.take(gate).ravel()


def _load_mlp(mlp: MLP, arrays: _Arrays, name: str) -> None:
    for layer, linear in enumerate((mlp.first, mlp.second)):
        matrix = arrays.take(f"{name}.fcs.{layer}.weight")[..., 0]
        nnx.update(linear, {"kernel": matrix.T, "bias": arrays.take(f"{name}.fcs.{layer}.bias")})


def _load_skip(skip: Linear, arrays: _Arrays, index: int) -> None:
    """Load a skip, with the bias of neuraloperator's convolution; a soft gate is a diagonal matrix."""
    gate = f"fno_blocks.fno_skips.{index}.weight"
    if gate in arrays:
        matrix = jnp.diag(arrays.take(gate).ravel())
    else:
        matrix = arrays.take(f"fno_blocks.fno_skips.{index}.conv.weight")[..., 0]
    nnx.update(skip, {"kernel": matrix.T, "bias": arrays.take(f"fno_blocks.convs.{index}.bias").ravel()})


def _spectral(weight: Complex[Array, "in out *mode"], shape: tuple[int, ...]) -> Float[Array, "*kept in 2 out"]:
    """Move the modes first; an axis without Nyquist modes gets zeros for them if other axes have Nyquist modes."""
    by_mode = jnp.moveaxis(weight, (0, 1), (-2, -1))
    *front, last = (ours - theirs for ours, theirs in zip(shape[:-3], by_mode.shape, strict=False))
    by_mode = jnp.pad(by_mode, [*((n, 0) for n in front), (0, last), (0, 0), (0, 0)])
    return jnp.stack([by_mode.real, by_mode.imag], axis=-2)
