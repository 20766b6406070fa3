"""The contents of a data file, whatever its format."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int

from pde.system.errors import InputError

Selection = slice | Int[np.ndarray, " n"]
"""A slice of samples, or their numbers in any order."""
UNIT_SQUARE: dict[str, Any] = {"boundary": "zero", "domain": (0.0, 1.0, 0.0, 1.0)}


@runtime_checkable
class Field(Protocol):
    """An array of samples, either in memory or read from its file on demand."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __getitem__(self, samples: Selection, /) -> np.ndarray: ...


@dataclass(frozen=True)
class Contents:
    """The arrays of a file under our names: inputs such as `coefficient`, `solution`, `x`, `y` and the rest."""

    format: str
    fields: Mapping[str, Field]
    attributes: Mapping[str, Any]
    """Attributes as plain Python, with `boundary` and `domain` among them if they are known."""


def renamed(path: Path, found: Mapping[str, Field], names: Mapping[str, str]) -> dict[str, Field]:
    """The arrays of a foreign file under our names.

    Args:
        path: the file, for messages.
        found: its arrays under its own names.
        names: our name for each of its own names; the first is an input.

    Raises:
        InputError: an array other than the solution is missing, or the first input does not have three axes.
    """
    for theirs, ours in names.items():
        if theirs not in found and ours != "solution":
            there = ", ".join(sorted(found)) or "none"
            raise InputError(f"{path}: no array {theirs!r}; this format needs it (the file has: {there})")
    first = next(iter(names))
    if len(found[first].shape) != 3:
        raise InputError(f"{path}: {first} has shape {found[first].shape}; it must be (samples, height, width)")
    return {ours: found[theirs] for theirs, ours in names.items() if theirs in found}


def on_unit_square(kind: str, fields: dict[str, Field], offset: float) -> Contents:
    """Fields at (i + offset)/n along both axes of the unit square, the solution zero on its border."""
    _, height, width = next(iter(fields.values())).shape
    x, y = ((np.arange(n) + offset) / n for n in (height, width))
    return Contents(kind, fields | {"x": x, "y": y}, UNIT_SQUARE)


@contextmanager
def damage_told(path: Path, kind: str) -> Iterator[None]:
    """Turn any exception of a parser into one sentence: parsers have no exception of their own for damage.

    Raises:
        InputError: the block failed.
    """
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{path} is larger than the memory; convert it on a machine with more") from error
    except Exception as error:
        raise InputError(
            f"{path}: this {kind} is truncated or damaged; copy it again or make a new one"
        ) from error


def plain(value: Any) -> Any:
    """An attribute as plain Python: string, number, or tuple of them."""
    if isinstance(value, np.ndarray) and value.ndim:
        return tuple(plain(part) for part in value)
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if isinstance(value, str):
        value = value.encode("utf-8", "replace")  # HDF5 may hold bytes that are no text
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str | int | float) else str(value)
