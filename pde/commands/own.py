"""Models and equations of the user's own, named on the command line as `package.module:Name`."""

import argparse
import importlib
import os
import sys

from pde.system.errors import InputError

_TAKE_THEM = ("train", "sweep", "generate")
"""Commands with `--model` or `--equation` among their own flags."""


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
        given, others = flags.parse_known_args(argv)
    except argparse.ArgumentError:
        return argv  # tyro's message is better
    own = [name for name in (given.model, given.equation, *given.models) if ":" in name]
    for name in own:
        _import(name)
    return others if own and argv[0] not in _TAKE_THEM else argv


def _import(name: str) -> None:
    here = os.getcwd()
    sys.path.append(here)
    try:
        importlib.import_module(name.partition(":")[0])
    except Exception as error:  # the module may raise anything
        raise InputError(
            f"{name} cannot be imported ({type(error).__name__}: {error}); mend its module"
        ) from error
    finally:
        sys.path.remove(here)
