"""Models and equations of the user's own, named on the command line as `package.module:Name`."""

import argparse
import importlib
import os
import sys

from pde.system.errors import InputError

_THEIR_OWN = {"train": "--model", "sweep": "--model", "generate": "--equation"}
"""Commands that take a flag themselves, or refuse it: `sweep` takes `--models`."""


def import_own(argv: list[str]) -> list[str]:
    """Import the modules that a command line names, and return the arguments that its command takes.

    The working directory is searched last, and for these modules only: a name found in a run or a data file is
    never looked up there.

    Raises:
        InputError: a module that cannot be imported.
    """
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in ("--model", "--equation"):
        flags.add_argument(flag, default="")
    flags.add_argument("--models", nargs="*", default=[])
    try:
        given, _ = flags.parse_known_args(argv)
    except argparse.ArgumentError:
        return argv  # tyro's message is better
    own = [name for name in (given.model, given.equation, *given.models) if ":" in name]
    for name in own:
        _import(name)
    if not own:
        return argv
    foreign = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in {"--model", "--equation"} - {_THEIR_OWN.get(argv[0])}:
        foreign.add_argument(flag)
    return foreign.parse_known_args(argv)[1]


def _import(name: str) -> None:
    here = os.getcwd()
    added = [here] if here not in sys.path else []
    sys.path += added
    try:
        importlib.import_module(name.partition(":")[0])
    except Exception as error:  # the module may raise anything
        raise InputError(
            f"{name} cannot be imported ({type(error).__name__}: {error}); mend its module"
        ) from error
    finally:
        for each in added:
            sys.path.remove(each)
