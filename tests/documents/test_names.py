"""Names that documents use: all stand in the reference, and one page of it lists them all."""

import ast
import re
from pathlib import Path
from pkgutil import resolve_name

from tests.documents.test_documents import PAGES, ROOT, blocks

REFERENCE = ROOT / "docs" / "reference"
DOCUMENTS = [*PAGES, *sorted(ROOT.glob("notebooks/*.py")), *sorted(ROOT.glob("examples/*.py"))]
FACES = "manojax", "pde", "pde.metrics", "pde.plots"
"""Modules whose names keep their place."""
GROUPS = {"manojax.models", "manojax.equations"}
"""Groups of entry points, which look like modules."""
OFFERED = {
    f"{face}.{name}": getattr(resolve_name(face), name) for face in FACES for name in resolve_name(face).__all__
}


def described() -> list[str]:
    """Names that the pages of the reference describe."""
    pages = sorted(REFERENCE.glob("*.md"))
    return [name for page in pages for name in re.findall(r"^::: ([\w.]+)$", page.read_text("utf-8"), re.M)]


def imported(source: str) -> set[str]:
    """Names of the project that a source imports, with their modules."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {each.name for each in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {f"{module}.{each.name}" for each in names}
    return {name for name in found if name.startswith(("manojax.", "pde."))}


def sources(path: Path) -> str:
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    return "\n".join(block.code for block in blocks(path) if block.language == "python")


def named(path: Path) -> set[str]:
    """Names that the text of a page calls by their module."""
    text = path.read_text(encoding="utf-8") if path.suffix == ".md" else ""
    return set(re.findall(r"`((?:manojax|pde)(?:\.\w+)+)", text)) - GROUPS


def test_names_that_documents_use_stand_in_the_reference():
    names = described()
    known = {id(resolve_name(name)) for name in names}
    modules = {getattr(resolve_name(name), "__module__", name.rpartition(".")[0]) for name in names}
    missing = {
        path.name: [
            name
            for name in sorted((imported(sources(path)) | named(path)) - modules)
            if id(resolve_name(name)) not in known
        ]
        for path in DOCUMENTS
    }
    assert {name: there for name, there in missing.items() if there} == {}


def test_documents_import_a_name_from_where_it_keeps_its_place():
    faces = {id(each): name.rpartition(".")[0] for name, each in OFFERED.items()}
    names = set(described()).union(*(imported(sources(path)) for path in DOCUMENTS))
    better = {name: faces.get(id(resolve_name(name))) for name in names}
    assert {name: face for name, face in better.items() if face not in (None, name.rpartition(".")[0])} == {}


def test_no_module_hides_a_name_that_is_offered():
    """A reader of `pde.plots.fields`, person or program, must not find a file of that name."""
    assert [name for name, each in OFFERED.items() if resolve_name(name) is not each] == []


def test_one_page_of_the_reference_lists_every_name():
    """`make docs` checks that its links lead somewhere."""
    names = described()
    text = (REFERENCE / "index.md").read_text(encoding="utf-8")
    assert len(names) == len(set(names))
    assert OFFERED.keys() <= set(names)
    assert sorted(re.findall(r"\[`\w+`\]\[([\w.]+)\]", text)) == sorted(names)
