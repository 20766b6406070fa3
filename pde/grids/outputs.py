"""Fields that a model is to give: their names, and what is known of each on the border of the domain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pde.grids.grid import AXES
from pde.grids.kinds import Kinds, Quantity
from pde.system.errors import InputError, suggestion

Border = Literal["zero", "neumann", "unknown"]
"""Knowledge of a field at both ends of an axis: it vanishes there, or its derivative along the axis does, or
neither is known."""
Borders = Border | Mapping[str, Border | Sequence[Border]]
"""One border for all fields and axes, or the borders of each field by its name, one for all axes or one an
axis."""
BORDERS: tuple[Border, ...] = get_args(Border)


@dataclass(frozen=True)
class Output:
    """A field that a model is to give."""

    name: str
    """Name of its data set."""
    borders: tuple[Border, ...]
    """Its border at both ends of each axis."""

    @property
    def border(self) -> str:
        """Its border in words: "zero", or "zero along x and neumann along y"."""
        if len(set(self.borders)) == 1:
            return self.borders[0]
        return " and ".join(f"{border} along {axis}" for axis, border in zip(AXES, self.borders, strict=False))


class WithOutputs:
    """The fields that a data set or a trained model gives, and the kinds of all its fields."""

    outputs: tuple[Output, ...]
    kinds: Kinds

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the output channels."""
        return tuple(output.name for output in self.outputs)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The scalars and vectors among the outputs."""
        return self.kinds.quantities(self.output_names)


def outputs_of(names: Sequence[str], said: Any, axes: int, rings: Sequence[bool] = ()) -> tuple[Output, ...]:
    """Return the outputs of these names with the borders that a data set states, which are unknown where it is
    silent, and along periodic axes, which have no border. What it states should be `Borders`.

    Raises:
        InputError: borders of a field that is no output, not one border an axis, or another word than those of
            `Border`.
    """
    if not isinstance(said, Mapping):
        said = dict.fromkeys(names, said)
    for name in said:
        if name not in names:
            raise InputError(f"boundary of {name}: the outputs are {', '.join(names)}{suggestion(name, names)}")
    around = rings or (False,) * axes
    return tuple(Output(name, _each_axis(name, said.get(name, "unknown"), around)) for name in names)


def said_of(outputs: Sequence[Output]) -> Borders:
    """Return what a file states of the borders of its outputs: `outputs_of` brings them back."""
    first = outputs[0].borders[0]
    if all(border == first for output in outputs for border in output.borders):
        return first
    return {output.name: output.borders for output in outputs}


def silent(outputs: Sequence[Output]) -> bool:
    """Tell if no border of any output is known."""
    return all(border == "unknown" for output in outputs for border in output.borders)


def told(own: Sequence[Output], said: Sequence[Output]) -> tuple[Output, ...]:
    """Return outputs with the borders that another data set states, if their own are all unknown."""
    known = {output.name: output for output in said} if silent(own) else {}
    return tuple(known.get(output.name, output) for output in own)


def zero_everywhere(outputs: Sequence[Output]) -> bool:
    """Tell if all outputs are known to vanish on the whole border."""
    return all(border == "zero" for output in outputs for border in output.borders)


def _each_axis(name: str, said: Any, rings: Sequence[bool]) -> tuple[Border, ...]:
    axes = len(rings)
    words = (said,) * axes if isinstance(said, str) else tuple(said) if isinstance(said, Sequence) else ()
    found: tuple[Border, ...] = tuple(border for word in words for border in BORDERS if word == border)
    if len(words) != axes or len(found) != axes:
        raise InputError(
            f"boundary of {name} is {said!r}; it must be {', '.join(BORDERS[:-1])} or {BORDERS[-1]}, or one of "
            f"these for each of the {axes} axes"
        )
    return tuple("unknown" if ring else border for border, ring in zip(found, rings, strict=True))
