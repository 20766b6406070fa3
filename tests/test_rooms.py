"""Rooms, read from the sources: what each may import, what its docstring says, and where its tests are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_MODULES = 16

_GROUND = {"manojax", "system"}
_PDE = {
    "system": set(),
    "grids": {"system"},
    "metrics": {"grids"},
    "random_fields": {"grids"},
    "solvers": {"grids"},
    "equations": {"solvers", "random_fields", "metrics", "grids"},
    "data": {"equations", "solvers", "random_fields", "metrics", "grids"},
}
_UPWARDS = (
    "preprocessing",
    "runs",
    "surrogates",
    "plots",
    "evaluation",
    "training",
    "reports",
    "sweeps",
    "commands",
)
_BESIDE = {"evaluation": "training", "training": "evaluation"}  # neither uses the other


def _allowed() -> dict[str, set[str]]:
    table = {room: below | (_GROUND if room != "system" else {"system"}) for room, below in _PDE.items()}
    for room in _UPWARDS:
        table[room] = set(table) | _GROUND
        table[room] -= {_BESIDE.get(room, "")}
    table["cli"] = table["__init__"] = set(table) | _GROUND
    return table | {"manojax": {"manojax"}}


ALLOWED = _allowed()


def room_of(module: str) -> str:
    """pde.grids.grid lies in grids, manojax.layers.basic in manojax."""
    parts = module.split(".")
    if parts[0] == "manojax":
        return "manojax"
    return parts[1] if len(parts) > 1 else "__init__"


def imports(source: str) -> set[str]:
    """Modules of the project that a source imports.

    `pde` stands for the package itself, through which every room can be reached, and for relative imports.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            found.add("pde")
        elif isinstance(node, ast.ImportFrom) and node.module == "pde":
            found |= {f"pde.{each.name}" if each.name in ALLOWED else "pde" for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {name for name in found if name.split(".")[0] in ("manojax", "pde")}


def wrong_arrows(module: str, source: str) -> set[str]:
    """Rooms that a module imports from and may not."""
    own = room_of(module)
    rooms = {room_of(name) for name in imports(source)} & ALLOWED.keys()
    return rooms - ALLOWED[own] - {own}


def modules() -> dict[str, str]:
    """Every module of both packages by its dotted name, with its source."""
    found = {}
    for path in [*(ROOT / "manojax").rglob("*.py"), *(ROOT / "pde").rglob("*.py")]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path.read_text(encoding="utf-8")
    return found


def test_every_arrow_is_in_the_table():
    found = {(module, room) for module, source in modules().items() for room in wrong_arrows(module, source)}
    assert found == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pde.grids.grid", "from pde.solvers.elliptic import solve"),
        ("pde.solvers.elliptic", "def f():\n    from pde.equations.registry import EQUATIONS"),
        ("pde.data.datasets", "import pde.runs.run"),
        ("pde.data.datasets", "from pde import surrogates"),
        ("pde.evaluation.evaluate", "from pde.training.train import train"),
        ("manojax.layers.basic", "from pde.grids.grid import Grid"),
        ("pde.system.files", "from pde.grids.grid import Grid"),
        ("pde.system.files", "from pde import train"),
        ("pde.system.files", "def f():\n    import pde"),
        ("pde.grids.grid", "from ..training import train"),
        ("manojax.layers.basic", "from pde import Grid"),
        ("manojax.layers.basic", "import pde"),
    ],
)
def test_an_arrow_that_the_table_does_not_have_is_found(module, source):
    assert wrong_arrows(module, source)


def test_layers_do_not_use_operators():
    for module, source in modules().items():
        if module.startswith("manojax.layers"):
            assert not {name for name in imports(source) if name.startswith("manojax.operators")}, module


def test_the_engine_of_training_knows_no_equation():
    for module, source in modules().items():
        if module.startswith("pde.training.engine"):
            rooms = {name for name in imports(source) if not name.startswith("pde.training.engine")}
            assert {room_of(name) for name in rooms} <= {"manojax", "system"}, module


def test_data_know_no_equation_but_the_interface_of_a_problem():
    for module, source in modules().items():
        if module.startswith("pde.data"):
            used = {name for name in imports(source) if name.startswith("pde.equations")}
            assert used <= {"pde.equations.equation"}, module


OTHER_TESTS = {"benchmarks", "documents", "fixtures"}
"""Folders of tests that are no rooms of the packages."""
TOGETHER = {
    ".": {"accelerator", "as_shipped", "dimensions", "fields", "front_door", "rings", "rooms", "words"},
    "commands": {"flags", "manners", "refusals"},
    "data/readers": {"readers"},
    "operators": {"baselines", "periodic"},
    "solvers": {"axes", "elliptic_gradients", "reaction"},
}
"""Files of tests, by room, that look at several modules together, or at one from another side."""


def misplaced(tests: Path) -> set[str]:
    """Folders of tests that are no rooms, and files of tests that are named after no module of their room."""
    found = set()
    for folder in {path.parent for path in tests.rglob("*.py")}:
        place = folder.relative_to(tests).as_posix()
        if place.partition("/")[0] in OTHER_TESTS:
            continue
        rooms = [ROOT / top / place for top in ("manojax", "pde") if (ROOT / top / place / "__init__.py").exists()]
        if not rooms:
            found.add(place)
        names = {path.stem for room in rooms for path in room.glob("*.py")} | TOGETHER.get(place, set())
        found |= {f"{place}/{path.name}" for path in folder.glob("test_*.py") if path.stem[5:] not in names}
    return found


def test_tests_lie_in_the_rooms_of_the_modules_that_they_test():
    assert misplaced(ROOT / "tests") == set()
    for place, names in TOGETHER.items():
        assert all((ROOT / "tests" / place / f"test_{name}.py").exists() for name in names), place


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("mesh/__init__.py", {"mesh"}),
        ("grids/test_mesh.py", {"grids/test_mesh.py"}),
        ("equations/test_polish.py", {"equations/test_polish.py"}),
        ("test_grid.py", {"./test_grid.py"}),
    ],
)
def test_a_test_in_another_place_is_found(tmp_path, path, found):
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).touch()
    assert misplaced(tmp_path) == found


def names_of(folder: Path) -> set[str]:
    """The modules of a room, what they define, and what its package imports."""
    names = set()
    for path in folder.rglob("*.py"):
        names.add(path.stem)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    names.add(name)
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    names.add(name)
                case ast.ImportFrom(names=imported) if path.name == "__init__.py":
                    names |= {each.name for each in imported}
    return names


def named_after(verb: str, docstring: str) -> set[str] | None:
    """Names in backticks between a verb and the end of its sentence; None if the docstring has no such verb."""
    found = re.search(rf"\b{verb}s?\b(.*?)\.(\s|$)", docstring, re.DOTALL)
    return found and set(re.findall(r"`(.+?)`", found[1]))


def assert_is_a_room(folder: Path) -> None:
    """A folder has few modules, and its docstring says what it uses and what it offers, which is true."""
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MOST_MODULES, folder
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    used, offered = named_after("use", docstring), named_after("offer", docstring)
    assert used is not None, f"{folder} does not say what it uses"
    assert offered, f"{folder} names nothing that it offers"
    assert offered <= names_of(folder), folder
    imported = {name for path in folder.rglob("*.py") for name in imports(path.read_text(encoding="utf-8"))}
    for name in used:
        if name.startswith(("manojax", "pde")):
            assert any(f"{each}.".startswith(f"{name}.") for each in imported), f"{folder} does not use {name}"


@pytest.mark.parametrize("top", ["manojax", "pde"])
def test_no_room_is_crowded_and_each_says_what_it_uses_and_offers(top):
    for folder in {path.parent for path in (ROOT / top).rglob("*.py")}:
        assert_is_a_room(folder)


@pytest.mark.parametrize(
    ("docstring", "fault"),
    [
        ("Grids. They offer `Grid`.", "does not say what it uses"),
        ("Grids. They use `pde.system`.", "names nothing that it offers"),
        ("Grids. They use `pde.system`. They offer many.", "names nothing that it offers"),
        ("Grids. They use `pde.system`. They offer `Grid` and\n`Mesh`.", "Mesh"),
        ("Grids. They use `pde.solvers`. They offer `Grid`.", "does not use pde.solvers"),
    ],
)
def test_a_docstring_that_is_not_true_is_found(tmp_path, docstring, fault):
    (tmp_path / "__init__.py").write_text(f'"""{docstring}"""')
    (tmp_path / "grid.py").write_text("from pde.system.errors import InputError\n\nclass Grid: ...")
    with pytest.raises(AssertionError, match=fault):
        assert_is_a_room(tmp_path)
