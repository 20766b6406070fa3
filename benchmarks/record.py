"""The command line of a benchmark, and the record of what it finds.

Packages are imported where they are needed: `speed.fno` runs in environments that have none of ours.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def command_line(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help shows the description with its own line breaks."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def again(python: str = sys.executable, *options: str) -> list[str]:
    """Return the command that runs this benchmark in a process of its own, by that Python with these options."""
    spec = sys.modules["__main__"].__spec__
    assert spec is not None, "run it from the root of the repository: python -m benchmarks.ROOM.NAME"
    return [python, *options, "-m", spec.name]


def manojax(*arguments: object) -> list[str]:
    """Return the command `manojax ARGUMENTS` for a process of its own."""
    return [sys.executable, "-c", "import sys; from pde.cli import main; sys.exit(main())", *map(str, arguments)]


def write(path: Path | None, found: dict[str, Any]) -> None:
    """Write what was found into a file, beside the machine and the versions that found it.

    Without a path, nothing is written.
    """
    if path is None:
        return
    from pde.system.files import write_text
    from pde.system.versions import versions

    write_text(path, json.dumps({**machine(), **found, "versions": versions()}, indent=1) + "\n")


def machine() -> dict[str, Any]:
    """Return what results say of the machine that found them."""
    from pde.system.machine import cores, processor

    return {"cores": cores(), "processor model": processor()}


def load(name: str) -> dict[str, Any]:
    """Return what a benchmark left in `results/`."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
