"""How every command line is parsed: help of one sentence a flag, and colours on a terminal alone."""

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import tyro
from tyro.conf import DisallowNone, OmitArgPrefixes
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

VERBOSE = "--help-verbose"


def parse(command: Any, prog: str, argv: Sequence[str], description: str | None = None) -> Any:
    """Parse a command line: of one command, or of several by name.

    `--help` has the first sentence about each flag, `--help-verbose` all.
    """
    _colour()
    settings: dict[str, Any] = {
        "prog": prog,
        "args": ["--help" if each == VERBOSE else each for each in argv],
        "config": (OmitArgPrefixes,),
        "description": description,
        "registry": _registry(_joined if VERBOSE in argv else _first_sentence),
    }
    if isinstance(command, dict):
        return tyro.extras.subcommand_cli_from_dict(command, **settings)
    return tyro.cli(command, **settings)


def _colour() -> None:
    """tyro looks at standard output alone, also for what it writes to standard error, and not at NO_COLOR."""
    terminal = sys.stdout.isatty() and sys.stderr.isatty()
    tyro._experimental_options["ansi_codes"] = terminal and not os.environ.get("NO_COLOR")


def _registry(shown: Callable[[str], str]) -> ConstructorRegistry:
    """Dataclasses as tyro takes them, but for the texts about their fields."""
    registry, inside = ConstructorRegistry(), []

    @registry.struct_rule
    def _(info: StructTypeInfo) -> StructConstructorSpec | None:
        if inside or not dataclasses.is_dataclass(info.type):
            return None
        inside.append(info)
        try:
            spec = ConstructorRegistry.get_struct_spec(info)
        finally:
            inside.pop()
        assert isinstance(spec, StructConstructorSpec)
        return dataclasses.replace(spec, fields=tuple(_shown(each, shown) for each in spec.fields))

    return registry


def _shown(field: StructFieldSpec, shown: Callable[[str], str]) -> StructFieldSpec:
    """A default of None is what leaving the flag out means: no value to give, and nothing to tell."""

    def text() -> str | None:
        found = field.helptext() if callable(field.helptext) else field.helptext  # read when help is asked for
        return None if found is None else shown(found)

    if field.default is None:
        silent = tyro.conf.arg(help_behavior_hint="")
        return dataclasses.replace(field, helptext=text, type=Annotated[DisallowNone[field.type], silent])
    return dataclasses.replace(field, helptext=text)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) ", _joined(text))[0]
