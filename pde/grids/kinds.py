"""Kinds of fields: vectors, whose components trade places and signs with the axes, and pseudoscalars."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pde.system.errors import InputError


@dataclass(frozen=True)
class Channels:
    """The kinds of the channels of an array, each by its number; all others are scalars."""

    vectors: tuple[tuple[int, ...], ...] = ()
    pseudoscalars: tuple[int, ...] = ()


SCALARS = Channels()


@dataclass(frozen=True)
class Kinds:
    """The kinds of the fields of a data set, each by its name; all others are scalars.

    A flip of an axis turns the sign of a vector's component along it, and a transpose of two axes exchanges its
    components along them. Either turns the sign of a pseudoscalar, such as the vorticity in the plane.
    """

    vectors: tuple[tuple[str, ...], ...] = ()
    """Names of the components of each vector, along x, y and z."""
    pseudoscalars: tuple[str, ...] = ()

    def check(self, inputs: Collection[str], outputs: Collection[str], axes: int) -> None:
        """Raise InputError for vectors that do not have one component for each axis, or whose components are not
        together, and for a field of two kinds."""
        for vector in self.vectors:
            said = f"vector {' '.join(vector)}"
            if len(vector) != axes:
                raise InputError(f"{said}: it needs a component for each of the {axes} axes")
            for names in (inputs, outputs):
                there = [name in names for name in vector]
                if any(there) and not all(there):
                    raise InputError(
                        f"{said}: its components must all be inputs, or all be outputs; name them all"
                    )
        every = [*self.pseudoscalars, *(name for vector in self.vectors for name in vector)]
        for name in every:
            if every.count(name) > 1:
                raise InputError(f"{name} is named twice among vectors and pseudoscalars; name it once")

    def channels(self, names: Sequence[str]) -> Channels:
        """Return the kinds of channels that hold the fields of these names."""
        places = {name: number for number, name in enumerate(names)}
        return Channels(
            tuple(tuple(places[name] for name in vector) for vector in self.vectors if vector[0] in places),
            tuple(places[name] for name in self.pseudoscalars if name in places),
        )

    def quantities(self, names: Sequence[str]) -> "tuple[Quantity, ...]":
        """Return the vectors and the scalars among fields of these names, in the order of their first channels."""
        vectors = {vector[0]: vector for vector in self.vectors if vector[0] in names}
        components = {name for vector in vectors.values() for name in vector[1:]}
        return tuple(
            Quantity(_called(found), tuple(names.index(each) for each in found), found[0] in vectors)
            for found in (vectors.get(name, (name,)) for name in names if name not in components)
        )


ALL_SCALARS = Kinds()


@dataclass(frozen=True)
class Quantity:
    """A scalar or a vector among the channels of an array, with one error for all its components."""

    name: str
    """Name of the scalar, or the beginning that the names of the components share."""
    channels: tuple[int, ...]
    is_vector: bool = False
    """True for a vector, also of one component."""


def _called(components: Sequence[str]) -> str:
    if len(components) == 1:
        return components[0]
    shared = itertools.takewhile(lambda each: len(set(each)) == 1, zip(*components, strict=False))
    return "".join(letter for letter, *_ in shared).rstrip("-_. ") or " ".join(components)
