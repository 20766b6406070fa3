"""Laws that make a coefficient a > 0 of a Gaussian field g: any function of the field, or one with a name.

A law is called with g (height, width) and returns a of the same shape; `jax.jit` traces it and needs it hashable.
Data files name it: a function by its name, another object by its `str`. So a law with parameters is best a frozen
dataclass with a `__call__`, like those of `pde.random_fields.laws`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import jax.numpy as jnp
import numpy as np
import tyro
from jax import Array
from jaxtyping import Float

from pde.random_fields.laws import KPhase, LogNormal, TwoPhase
from pde.random_fields.mixture import Mixture
from pde.system.errors import InputError, suggestion

Law = Callable[[Float[Array, "*grid"]], Float[Array, "*grid"]]


LAWS: dict[str, type[TwoPhase | KPhase | LogNormal | Mixture]] = {
    "two-phase": TwoPhase,
    "k-phase": KPhase,
    "log-normal": LogNormal,
    "mixture": Mixture,
}
OPTIONS = tuple(field.name for law in LAWS.values() for field in dataclasses.fields(law))
"""Names of the options of all these laws."""

NameOrLaw = Annotated[
    str | Law,  # the command line takes only names
    tyro.conf.arg(constructor=str, metavar="|".join(LAWS), help_behavior_hint="(default: two-phase)"),
]


def choose(coefficient: str | Law, options: Mapping[str, Any]) -> Law | Mixture:
    """Return the named law with its options, or the given law, which takes none.

    Raises:
        InputError: no such name, or an option that is missing, out of range or another law's.
    """
    if not isinstance(coefficient, str):
        for option in options:
            raise InputError(f"{_flag(option)} belongs to a law with a name; leave it out")
        return coefficient
    if coefficient not in LAWS:
        hint = suggestion(coefficient, LAWS)
        raise InputError(f"--coefficient {coefficient}: there is no such law{hint} (there are {', '.join(LAWS)})")
    needed = _options(coefficient)
    for option in options:
        if option not in needed:
            owner = next(name for name in LAWS if option in _options(name))
            raise InputError(
                f"{_flag(option)} belongs to --coefficient {owner}, not to {coefficient}; leave one out"
            )
    for option in needed:
        if needed[option] and option not in options:
            raise InputError(f"--coefficient {coefficient} needs {_flag(option)} as well")
    return LAWS[coefficient](**options)


def _options(name: str) -> dict[str, bool]:
    """The options of a law by name, True if it needs them."""
    return {field.name: field.default is dataclasses.MISSING for field in dataclasses.fields(LAWS[name])}


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def describe(law: Law | Mixture) -> str:
    """Return "a = ...", the text for a law in data files."""
    name = getattr(law, "__qualname__", None)
    return f"a = {law}" if name is None else f"a = {law.__module__}.{name}(g)"


def evaluate(law: Law, g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
    """Evaluate the law in the precision of g.

    Raises:
        InputError: the law returns another shape.
    """
    a = jnp.asarray(law(g))
    if a.shape != g.shape:
        raise InputError(
            f"{describe(law)} has shape {a.shape} for g of shape {g.shape}; return a value for each point"
        )
    return a.astype(g.dtype)


def check(a: Float[np.ndarray, "*grid"], name: str) -> Float[np.ndarray, "*grid"]:
    """Return the coefficient if it is positive and finite everywhere, in the float32 of data files too.

    Raises:
        ArithmeticError: it is not; the message gives its name and range.
    """
    low, high, limits = a.min(), a.max(), np.finfo(np.float32)
    if not (low >= limits.tiny and high <= limits.max):
        raise ArithmeticError(
            f"{name}: the coefficient runs from {low:g} to {high:g} and must be positive and finite in float32; "
            "choose a milder law"
        )
    return a
