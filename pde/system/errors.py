"""The one exception for errors that a user can mend, and helpers for its sentences."""

import difflib
import math
from collections.abc import Iterable


class InputError(Exception):
    """Bad input. Its message is one sentence that names the file, field or flag, and how to mend it.

    It is not a ValueError, which the parser of the command line would catch and frame.
    """


def check_seed(seed: int) -> None:
    """Raise InputError for a seed that not every generator of random numbers takes."""
    if not 0 <= seed < 2**31:
        raise InputError(f"--seed {seed} must be between 0 and {2**31 - 1}")


def check_positive(flag: str, *values: float, most: float = math.inf) -> None:
    """Raise InputError for values that are not all positive, finite and `most` at most."""
    for value in values:
        if not 0 < value < math.inf or value > most:
            given = " ".join(str(each) for each in values)
            limit = "finite" if most == math.inf else f"at most {most:g}"
            raise InputError(f"--{flag} {given} must be positive and {limit}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean NAME?" with the nearest known name, or "" if none is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
    return f"; did you mean {near[0]}?" if near else ""
