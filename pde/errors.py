"""The one exception for what a user can mend."""


class InputError(ValueError):
    """Bad input. Its message is one sentence that names the file, field or flag, and how to mend it."""
