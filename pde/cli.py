"""The command line: `manojax COMMAND`, each command a file in `pde.commands`."""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stderr
from importlib.metadata import version
from io import StringIO
from typing import Any, Protocol, runtime_checkable

from manojax import MODELS
from pde.commands.convert import Convert
from pde.commands.demo import Demo
from pde.commands.evaluate import Evaluate
from pde.commands.export import Export
from pde.commands.generate import DEFAULT, generate_command, parse_generate
from pde.commands.info import Info
from pde.commands.merge import Merge
from pde.commands.own import import_own
from pde.commands.parsing import parse
from pde.commands.predict import Predict
from pde.commands.report import WriteReport
from pde.commands.sweep import Sweep
from pde.commands.train import parse_train, train_command
from pde.runs.config import TrainingConfig
from pde.system.errors import InputError, suggestion
from pde.system.interrupts import Terminated


@runtime_checkable
class Command(Protocol):
    """A parsed command line."""

    def run(self) -> None: ...


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
    if argv[:1] == ["generate"]:
        return parse_generate(argv[1:])
    if argv[:1] == ["train"]:
        return parse_train(argv[1:])
    commands: dict[str, Any] = {
        "generate": generate_command(DEFAULT),
        "merge": Merge,
        "convert": Convert,
        "train": train_command("mano", MODELS["mano"].Config(), TrainingConfig()),
        "sweep": Sweep,
        "evaluate": Evaluate,
        "predict": Predict,
        "export": Export,
        "report": WriteReport,
        "info": Info,
        "demo": Demo,
    }
    name = "".join(argv[:1])
    if name and not name.startswith("-") and name not in commands:
        hint = suggestion(name, commands)
        raise InputError(f"{name}: there is no such command{hint} (there are {', '.join(commands)})")
    return parse(commands, "manojax", argv, _ABOUT)
