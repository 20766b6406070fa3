"""Docstrings are sentences with a subject: some beginnings always lead to fragments."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FRAGMENT = re.compile(r"(Of|So|What|Whether)\b")


def docstrings(tree):
    """Every docstring of a module, those of fields and constants as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for line in node.body:
                match line:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        yield line.lineno, text


def test_no_docstring_begins_with_a_fragment():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("manojax", "pde", "benchmarks", "examples")
        for path in (ROOT / folder).rglob("*.py")
        for line, text in docstrings(ast.parse(path.read_text(encoding="utf-8")))
        if FRAGMENT.match(text)
    ]
    assert not found


def test_a_fragment_is_found():
    [(_, text)] = docstrings(ast.parse('SIZE = 1\n"""Of a batch."""'))
    assert FRAGMENT.match(text)
