"""Arguments checked by their types: an error says in one sentence what to give in place of a wrong value."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from flax import nnx

Choice = tuple[Callable[[Any], bool], str]
"""A test of values, and a description of the values that pass it."""


def check(name: str, value: Any, kind: Any) -> None:
    """Refuse a value that is not of a type; also a whole number below 1 and a number that is not finite.

    `kind` is the type, or a union or Literal of several. For a type that is not in `_CHOICES` every value passes.

    Raises:
        ValueError: the value is refused; one sentence gives the name, the value and what to give in its place.
    """
    choices = _choices(kind)
    if not any(passes(value) for passes, _ in choices):
        *others, last = (words for _, words in choices)
        wanted = f"{', '.join(others)} or {last}" if others else last
        raise ValueError(f"{name}={value!r}: give {wanted}")


def _choices(kind: Any) -> list[Choice]:
    if get_origin(kind) is Literal:
        return [(lambda value, one=one: _is_choice(value, one), repr(one)) for one in get_args(kind)]
    if get_origin(kind) in (Union, UnionType):
        return [choice for each in get_args(kind) for choice in _choices(each)]
    return [_CHOICES.get(kind, (lambda _: True, str(kind)))]


def _is_choice(value: Any, one: Any) -> bool:
    return isinstance(value, str | Integral) and value == one


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def _is_finite(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


_CHOICES: dict[Any, Choice] = {
    int: (_is_whole, "a whole number of 1 or more"),
    float: (_is_finite, "a finite number"),
    bool: (lambda value: isinstance(value, bool), "True or False"),
    NoneType: (lambda value: value is None, "None"),
    tuple[int, ...]: (
        lambda value: isinstance(value, tuple) and len(value) > 0 and all(map(_is_whole, value)),
        "a tuple with a whole number of 1 or more for each dimension, such as (8, 8),",
    ),
    nnx.Rngs: (lambda value: isinstance(value, nnx.Rngs), "a source of random numbers, such as nnx.Rngs(0)"),
}
