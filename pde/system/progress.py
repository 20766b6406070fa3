"""Progress bars with rate and time left, on a terminal only."""

import sys
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def _style() -> dict[str, Any]:
    """Standard error as it is now: --quiet puts something else in its place."""
    return {"disable": None, "dynamic_ncols": True, "file": sys.stderr}


def progress(items: Iterable[Item], label: str, *, total: int | None = None, unit: str) -> Iterable[Item]:
    """Iterate with a bar on standard error; silent where that is no terminal."""
    return tqdm(items, desc=label, total=total, unit=f" {unit}", **_style())


def progress_bar(label: str, *, total: int, done: int, unit: str, shown: bool = True) -> "tqdm[NoReturn]":
    """A bar to be moved by hand, some of the work being done already."""
    style = _style()
    if not shown:
        style["disable"] = True
    return tqdm(desc=label, total=total, initial=done, unit=f" {unit}", **style)
