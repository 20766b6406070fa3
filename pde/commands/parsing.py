"""Parsing of every command line: help of one sentence for each flag, and colours only on a terminal.

Only documented features of tyro are used: a registry with a rule for structures (`tyro.constructors`).
"""

import dataclasses
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import BytesIO, TextIOWrapper
from typing import Annotated, Any

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff, OmitArgPrefixes, Suppress
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

HELP, VERBOSE = {"-h", "--help"}, "--help-verbose"


def parse(command: Any, prog: str, argv: Sequence[str], description: str) -> Any:
    """Parse the command line of one command, or of several commands by name.

    `--help` shows the first sentence about each flag, and leaves out those that a class of options names in its
    `rare`, to fit a screen; `--help-verbose` shows the full text of all.
    """
    verbose = VERBOSE in argv
    settings: dict[str, Any] = {
        "prog": prog,
        "args": ["--help" if each == VERBOSE else each for each in argv],
        "config": (OmitArgPrefixes,),
        "description": description,
        "registry": _registry(_joined if verbose else _first_sentence, bool(HELP & set(argv)) and not verbose),
    }
    with _colours_on_a_terminal_alone():
        if isinstance(command, dict):
            return tyro.extras.subcommand_cli_from_dict(command, **settings)
        return tyro.cli(command, **settings)


@contextmanager
def _colours_on_a_terminal_alone() -> Iterator[None]:
    """Hide the terminal from tyro where colours are not wanted: tyro asks only standard output whether it is a
    terminal, even for text on standard error, and ignores NO_COLOR."""
    if sys.stdout.isatty() and sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        yield
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    held = TextIOWrapper(BytesIO(), encoding, errors="replace", newline="")
    try:
        with redirect_stdout(held):
            yield
    finally:
        held.seek(0)
        print(held.read(), end="")


def _registry(shown: Callable[[str], str], short: bool) -> ConstructorRegistry:
    """Make tyro's rule for dataclasses: `shown` is applied to the help of fields, and `short` hides rare ones."""
    registry, inside = ConstructorRegistry(), []

    @registry.struct_rule
    def _(info: StructTypeInfo) -> StructConstructorSpec | None:
        if inside or not dataclasses.is_dataclass(info.type):
            return None
        inside.append(info)  # so that this rule does not apply while tyro's own rules are asked
        try:
            spec = ConstructorRegistry.get_struct_spec(info)
        finally:
            inside.pop()
        assert isinstance(spec, StructConstructorSpec)
        rare = getattr(info.type, "rare", ()) if short else ()
        fields = (_hidden(each) if each.name in rare else _shown(each, shown) for each in spec.fields)
        return dataclasses.replace(spec, fields=tuple(fields))

    return registry


def _hidden(field: StructFieldSpec) -> StructFieldSpec:
    return dataclasses.replace(field, type=Suppress[field.type])


def _shown(field: StructFieldSpec, shown: Callable[[str], str]) -> StructFieldSpec:
    """Hide a default that is None, empty or off, as it only says that the flag was left out."""
    switch = field.default is False and field.type == FlagCreatePairsOff[bool]
    kind: Any = DisallowNone[field.type] if field.default is None else field.type
    if switch or field.default is None or field.default == ():
        kind = Annotated[kind, tyro.conf.arg(help_behavior_hint="")]
    return dataclasses.replace(field, helptext=functools.partial(_text, field, shown), type=kind)


def _text(field: StructFieldSpec, shown: Callable[[str], str]) -> str | None:
    """Read a field's help, which only `--help` asks for."""
    found = field.helptext() if callable(field.helptext) else field.helptext
    return None if found is None else shown(found)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) ", _joined(text))[0]
