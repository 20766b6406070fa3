"""The code of the documents' pages."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
START = ROOT / "docs" / "start.md"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
PASTED = [ROOT / "docs" / f"{name}.md" for name in ("own-model", "own-equation")]
"""Pages whose code needs nothing but an empty folder; a block that begins with the name of a file is that file."""

OPENING = r"^```(?P<language>python|sh|bash)\n"
_FENCE = re.compile(rf"(?P<mark>^<!-- not run: [^\n]+ -->\n)?{OPENING}(?P<code>.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    language: str
    code: str
    skipped: bool
    where: str


def blocks(page, section=None):
    """The blocks of a page, or of its section of that title."""
    text = page.read_text(encoding="utf-8")
    start = 0 if section is None else text.index(f"\n## {section}\n")
    end = len(text) if section is None else f"{text}\n## ".index("\n## ", start + 1)
    return [
        Block(
            found["language"],
            found["code"],
            found["mark"] is not None,
            f"{page.name}, line {text.count(chr(10), 0, found.start('code')) + 1}",
        )
        for found in _FENCE.finditer(text, start, end)
    ]
