"""Rows of results, kept in one file for all sections."""

import json
from pathlib import Path
from typing import Any

from benchmarks.record import machine, write

Row = dict[str, Any]
"""Its entry "of" says what it is a row of: set, case, seed and the like; the others are what was found."""


def keep(path: Path, section: str, row: Row) -> None:
    """Add a row and its machine to a section of a file, in the place of an earlier row of the same."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    others = [each for each in found.get(section, []) if each["of"] != row["of"]]
    write(path, {**found, section: [*others, {**row, "machine": machine()}]})
