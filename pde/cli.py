"""The command line: `manojax generate | merge | convert | train | evaluate | predict | info | demo`."""

import sys
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import tyro
from tyro.conf import OmitArgPrefixes

from manojax import MODELS
from pde.commands.convert import Convert
from pde.commands.demo import Demo
from pde.commands.evaluate import Evaluate
from pde.commands.generate import Generate
from pde.commands.info import Info
from pde.commands.merge import Merge
from pde.commands.predict import Predict
from pde.commands.report import WriteReport
from pde.commands.sweep import Sweep
from pde.commands.train import parse_train, train_command
from pde.errors import InputError
from pde.interrupts import Terminated
from pde.runs import TrainingConfig


@runtime_checkable
class Command(Protocol):
    """A parsed command line."""

    def run(self) -> None: ...


_AGAIN = {
    "generate": "; add --resume to go on from the last sample",
    "train": "; add --resume to go on",
    "sweep": "; the same command goes on",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all went well, 2 for bad input, 1 for a failed solve, 130 for Ctrl-C,
    143 for SIGTERM."""
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        _parse(argv).run()
    except InputError as error:
        print(f"manojax: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written to
        reason = " ".join(str(error).split())  # HDF5 breaks its lines
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
    if argv[:1] == ["train"]:
        return parse_train(argv[1:])
    commands: dict[str, Any] = {
        "generate": Generate,
        "merge": Merge,
        "convert": Convert,
        "train": train_command("mano", MODELS["mano"].Config(), TrainingConfig()),
        "sweep": Sweep,
        "evaluate": Evaluate,
        "predict": Predict,
        "report": WriteReport,
        "info": Info,
        "demo": Demo,
    }
    return tyro.extras.subcommand_cli_from_dict(
        commands,
        prog="manojax",
        args=argv,
        config=(OmitArgPrefixes,),
        description="Neural operators for PDE surrogates.",
    )
