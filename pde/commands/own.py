"""Models and equations of the user's own, named on the command line as `package.module:Name`."""

import argparse
import importlib
import os
import sys

_TAKE_THEM = ("train", "sweep", "generate")
"""Commands with these flags among their own."""


def import_own(argv: list[str]) -> list[str]:
    """Import the modules that a command line names, and return the arguments that its command takes.

    The working directory is searched last, and for these modules only: a name that stands in a run or in a data
    file is never looked for there. A module that cannot be imported is left to whoever looks for the name.
    """
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in ("--model", "--equation"):
        flags.add_argument(flag, default="")
    flags.add_argument("--models", nargs="*", default=[])
    try:
        given, others = flags.parse_known_args(argv)
    except argparse.ArgumentError:
        return argv  # tyro has the better message
    own = [name for name in (given.model, given.equation, *given.models) if ":" in name]
    for name in own:
        _import(name.partition(":")[0])
    return others if own and argv[0] not in _TAKE_THEM else argv


def _import(module: str) -> None:
    here = os.getcwd()
    sys.path.append(here)
    try:
        importlib.import_module(module)
    except ImportError:
        pass
    finally:
        sys.path.remove(here)
