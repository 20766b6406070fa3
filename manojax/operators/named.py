"""Objects of other packages, by the names of their entry points or by module and name."""

import importlib
from importlib.metadata import entry_points
from typing import Any


def named(name: str, group: str) -> Any:
    """Return an object of another package; None if the name has neither of the two forms below.

    Args:
        name: an entry point of the group, or `package.module:Name`.
        group: the group of entry points, such as `manojax.models`.

    Raises:
        ValueError: the object cannot be imported.
    """
    points = entry_points(group=group, name=name)
    module, _, attribute = next((each.value for each in points), name).partition(":")
    if not attribute:
        return None
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a module may raise anything while it is imported
        raise ValueError(f"{name} cannot be imported ({error}); install the package that has it") from error
