"""Progress bars with rate and time left, on a terminal only."""

import sys
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def _style() -> dict[str, Any]:
    """Style of a bar on the current standard error, which --quiet replaces."""
    return {"disable": None, "dynamic_ncols": True, "file": sys.stderr}


def progress(items: Iterable[Item], label: str, *, total: int | None = None, unit: str) -> Iterable[Item]:
    """Iterate with a bar on standard error; silent if that is not a terminal."""
    return tqdm(items, desc=label, total=total, unit=f" {unit}", **_style())


def progress_bar(label: str, *, total: int, done: int, unit: str, shown: bool = True) -> "tqdm[NoReturn]":
    """A bar that the caller advances, with some of the work already done."""
    style = _style()
    if not shown:
        style["disable"] = True
    return tqdm(desc=label, total=total, initial=done, unit=f" {unit}", **style)
