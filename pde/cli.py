"""The command line: `manojax COMMAND`, each command a file in `pde.commands`.

A file is imported when its command is called, so that help and mistyped names take a fraction of a second.
"""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stderr
from importlib import import_module
from importlib.metadata import version
from io import StringIO
from typing import Any, Protocol, runtime_checkable

from pde.commands.own import import_own
from pde.commands.parsing import parse
from pde.system.errors import InputError, suggestion
from pde.system.interrupts import Terminated


@runtime_checkable
class Command(Protocol):
    """A parsed command line."""

    def run(self) -> None: ...


COMMANDS = {
    "generate": (
        "flags",
        "Generate a data set of an equation. With --equation NAME, --help shows the options of that equation.",
    ),
    "merge": ("Merge", "Join shards of a data set into the file that one process would have written."),
    "convert": (
        "Convert",
        "Convert a data file (HDF5, .mat, .pt or .npz) to an HDF5 file with the names and axes of manojax.",
    ),
    "train": (
        "flags",
        "Train an operator. --model NAME --help shows a model's options too, --help-verbose shows all flags.",
    ),
    "sweep": (
        "Sweep",
        "Train each model, width and seed into one table, or continue it. --help-verbose shows all flags.",
    ),
    "evaluate": (
        "Evaluate",
        "Measure a trained operator's errors on several grids, beside interpolation and coarse solves.",
    ),
    "predict": ("Predict", "Write the predicted solution for every sample of a data file."),
    "export": (
        "Export",
        "Export a trained operator, with a model card, as a program for one grid that runs without this package.",
    ),
    "report": (
        "WriteReport",
        "Write one HTML page about a run: learning curves, configuration and, with a test file, its errors.",
    ),
    "info": ("Info", "Describe a data file or the folder of a training run."),
    "demo": (
        "Demo",
        "Generate data, train MANO and FNO, evaluate both on finer grids and write a report, in some minutes.",
    ),
}
"""Every command with what its file offers: a class of its flags, or a function that finds them in the arguments;
and what it does."""

QUIET = "--quiet"
_AGAIN = {
    "generate": "; add --resume to go on from the last sample",
    "train": "; add --resume to go on",
    "sweep": "; the same command goes on",
}


_ABOUT = """Neural operators for PDE surrogates.

manojax COMMAND --help explains the flags that are used most, --help-verbose explains all flags in full.
--quiet with any command leaves out progress and notes; results and errors stay.
--model package.module:Class names a model of your own to any command, --equation package.module:NAME an equation.
--version prints the version.
--tyro-write-completion bash FILE writes the completion of commands and flags; zsh, fish and tcsh work too.

Exit codes: 0 all went well, 1 a solve or a training failed, 2 bad input, 130 Ctrl-C, 143 SIGTERM.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 if all went well, 1 for a failed solve, 2 for bad input, 130 for
    Ctrl-C, 143 for SIGTERM."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv == ["--version"]:
        print(f"manojax {version('manojax')}")
        return 0
    quiet, argv = QUIET in argv, [each for each in argv if each != QUIET]
    try:
        command = _parse(import_own(argv))
        from pde.system.programs import keep_programs  # after parsing, as it imports JAX

        keep_programs()
        with redirect_stderr(StringIO()) if quiet else nullcontext():
            command.run()
    except InputError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written to
        full = error.errno == errno.ENOSPC  # HDF5 describes a full disk at length
        reason = os.strerror(errno.ENOSPC) if full else " ".join(str(error).split())
        print(f"manojax: error: {reason}; free space or choose another place", file=sys.stderr)
        return 2
    except ArithmeticError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Terminated) as stop:
        print(f"manojax: stopped{_AGAIN.get(''.join(argv[:1]), '')}", file=sys.stderr)
        return 143 if isinstance(stop, Terminated) else 130
    return 0


def _parse(argv: list[str]) -> Command:
    name = "".join(argv[:1])
    if name in COMMANDS:
        return parse(_flags(name, argv[1:]), f"manojax {name}", argv[1:], COMMANDS[name][1])
    if name and not name.startswith("-"):
        hint = suggestion(name, COMMANDS)
        raise InputError(f"{name}: there is no such command{hint} (there are {', '.join(COMMANDS)})")
    completed = name.startswith("--tyro")  # completions know all flags, also those of a model
    known = {each: _flags(each, ["--model", "mano"]) if completed else _without_flags(each) for each in COMMANDS}
    return parse(known, "manojax", argv, _ABOUT)


def _flags(name: str, argv: list[str]) -> Any:
    offered = getattr(import_module(f"pde.commands.{name}"), COMMANDS[name][0])
    return offered if isinstance(offered, type) else offered(argv)


def _without_flags(name: str) -> Callable[[], None]:
    """Return what help shows of a command beside the others."""

    def command() -> None: ...

    command.__doc__ = COMMANDS[name][1]
    return command
