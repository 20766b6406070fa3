"""Benchmarks stand alone: what several of them need stands in modules without a command line."""

import ast
from pathlib import Path

import pytest

from tests.test_rooms import assert_is_a_room

ROOT = Path(__file__).parents[2]
COMMAND = 'if __name__ == "__main__":'
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in (ROOT / "benchmarks").rglob("*.py")
}
BENCHMARKS = {name for name, source in SOURCES.items() if COMMAND in source}


def imported(source):
    """Every module that a source imports, and every name as if it were one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "modules are named in full"
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_no_benchmark_is_imported():
    assert BENCHMARKS
    found = {name: BENCHMARKS & set(imported(source)) for name, source in SOURCES.items()}
    assert {name: others for name, others in found.items() if others} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from benchmarks.reliability.faults import torment",
        "from benchmarks.reliability import faults",
        "def f():\n    import benchmarks.reliability.faults",
    ],
)
def test_an_import_of_a_benchmark_is_found(source):
    assert BENCHMARKS & set(imported(source))


def test_no_room_is_crowded_and_each_says_what_it_uses_and_offers():
    for folder in {path.parent for path in (ROOT / "benchmarks").rglob("*.py")}:
        assert_is_a_room(folder)
