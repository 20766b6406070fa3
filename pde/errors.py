"""The one exception for what a user can mend."""


class InputError(ValueError):
    """Bad input. Its message is one sentence that names the file, field or flag, and how to mend it."""


def check_seed(seed: int) -> None:
    """Raise InputError for a seed that not every generator of random numbers takes."""
    if not 0 <= seed < 2**31:
        raise InputError(f"--seed {seed} must be between 0 and {2**31 - 1}")
