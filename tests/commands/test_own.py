"""Models and equations of the user's own on the command line: names in a package that is not installed."""

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import h5py
import numpy as np
import pytest

import manojax
import pde
from pde.cli import main
from pde.equations.registry import find
from pde.evaluation.baselines import coarse_baseline
from tests.command_line import refused, run

MODELS = '''
from dataclasses import dataclass

from flax import nnx

from manojax import ModelConfig, Operator


@dataclass(frozen=True)
class ScaledConfig(ModelConfig):
    """Options."""

    depth: int = 1
    """Layers."""


class Scaled(Operator):
    Config = ScaledConfig

    def build(self, config, rngs):
        kind = {"dtype": self.dtype, "rngs": rngs}
        self.layers = nnx.List(
            [nnx.Linear(self.in_channels, self.out_channels, **kind) for _ in range(config.depth)]
        )

    def forward(self, fields, coordinates):
        for layer in self.layers:
            fields = layer(fields)
        return fields


class NoOperator:
    pass
'''
NAME = "ownpackage.models:Scaled"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A working directory that holds the package, with nothing of it imported."""
    (tmp_path / "ownpackage").mkdir()
    (tmp_path / "ownpackage" / "__init__.py").write_text("")
    (tmp_path / "ownpackage" / "models.py").write_text(MODELS)
    page = (Path(__file__).parents[2] / "docs" / "own-equation.md").read_text(encoding="utf-8")
    physics = re.search(r"```python\n(.*?)```", page, re.S)
    assert physics is not None
    (tmp_path / "ownpackage" / "physics.py").write_text(physics.group(1))
    monkeypatch.chdir(tmp_path)
    forget()
    yield tmp_path
    forget()


def forget():
    for name in [name for name in sys.modules if name.startswith("ownpackage")]:
        del sys.modules[name]


@pytest.mark.slow
def test_every_command_takes_a_class_of_the_working_directory_that_is_named(elsewhere, capsys, darcy_file):
    flags = ("--epochs", 1, "--depth", 2, "--resolution", 9)
    assert run(capsys, "train", darcy_file, "--model", NAME, "--out", "run", *flags)[0] == 0
    assert json.loads((elsewhere / "run" / "run.json").read_text())["model"] == NAME
    for command in (
        ("evaluate", "run", darcy_file, "--resolutions", 9),
        ("info", "run"),
        ("predict", "run", darcy_file, "out.h5"),
        ("report", "run"),
        ("export", "run", "exported"),
    ):
        forget()
        assert f"run: {NAME} cannot be imported" in refused(capsys, *command)
        assert run(capsys, *command, f"--model={NAME}")[0] == 0
    forget()
    again = ("train", darcy_file, "--out", "run", "--resume")
    error = refused(capsys, *again)
    assert "cannot be imported" in error
    assert "damaged" not in error
    assert run(capsys, *again, "--model", NAME)[0] == 0


@pytest.mark.slow
def test_a_sweep_trains_a_class_of_the_working_directory(elsewhere, capsys, darcy_file):
    """The class has no option `width`, by which a sweep names its runs and rows otherwise."""
    sweep = ("sweep", darcy_file, darcy_file, "--out", "sweep", "--seeds", 0, "--epochs", 1, "--resolution", 9)
    assert f"{NAME} has no option `width`" in refused(capsys, *sweep, "--models", NAME, "--widths", 8)
    status, printed, _ = run(capsys, *sweep, "--models", NAME)
    assert status == 0
    assert f"\n| {NAME} |  | 2 |" in printed
    assert (elsewhere / "sweep" / f"{NAME}-seed-0" / "run.json").exists()


@pytest.mark.slow
def test_an_equation_of_the_working_directory_generates_and_is_solved_again(elsewhere, capsys):
    """The module that docs/own-equation.md shows."""
    named = ("--equation", "ownpackage.physics:SCREENED")
    assert run(capsys, "generate", "s.h5", *named, "--resolution", 17, "--samples", 12)[0] == 0
    data = pde.open("s.h5")
    assert data.inputs == ("forcing",)
    assert data.read_residual().max() < 1e-12
    flags = ("--epochs", 1, "--resolution", 9, "--width", 8, "--depth", 1)
    assert run(capsys, "train", "s.h5", "--model", "fno", "--out", "run", *flags)[0] == 0
    forget()
    _, printed, _ = run(capsys, "evaluate", "run", "s.h5", "--resolutions", 9, 17)
    assert "no file has a module imported; add --equation ownpackage.physics:SCREENED" in printed
    assert "ownpackage.physics" not in sys.modules
    _, printed, _ = run(capsys, "evaluate", "run", "s.h5", "--resolutions", 9, 17, *named)
    assert "Coarse solves of -Laplace u + 100 u = f: its inputs are assumed to be forcing" in printed
    assert "there is no such equation" in refused(capsys, "generate", "t.h5", "--equation", "screened")
    forget()
    free = ("train", "s.h5", "--model", "fno", "--out", "free", *flags, "--scale-free")
    assert "add --equation ownpackage.physics:SCREENED" in refused(capsys, *free)
    assert run(capsys, *free, *named)[0] == 0
    forget()
    surrogate = pde.load("free")
    assert surrogate.run.view.scaling == (1.0,)
    assert "ownpackage.physics" not in sys.modules


def test_a_data_file_that_names_a_module_has_nothing_imported(tmp_path, darcy_file):
    """`this` of Python's library prints when it is imported."""
    copied = tmp_path / "named.h5"
    copied.write_bytes(darcy_file.read_bytes())
    with h5py.File(copied, "r+") as file:
        file.attrs["equation_name"] = "this:s"
    coarse = coarse_baseline(pde.open(copied), [9])
    assert "no file has a module imported" in coarse["left_out"]
    assert "this" not in sys.modules


def test_an_installed_package_is_not_shadowed_by_one_of_the_working_directory(elsewhere, capsys, monkeypatch):
    installed = shutil.copytree(elsewhere / "ownpackage", elsewhere / "installed" / "ownpackage")
    (installed / "models.py").write_text(MODELS.replace("Layers.", "Layers of the installed class."))
    help_of_the_model = ("train", "--model", NAME, "--help")
    assert "Layers." in run(capsys, *help_of_the_model)[1]
    forget()
    monkeypatch.syspath_prepend(str(installed.parent))
    assert "Layers of the installed class." in run(capsys, *help_of_the_model)[1]


def test_what_a_module_of_the_working_directory_imports_is_not_shadowed_either(elsewhere, capsys):
    """No test and none of our modules has imported `this` of Python's library; it prints when it is imported."""
    (elsewhere / "this.py").write_text("raise ImportError('this file shadows the library')")
    (elsewhere / "ownpackage" / "models.py").write_text(f"import this\n{MODELS}")
    _, printed, _ = run(capsys, "train", "--model", NAME, "--help")
    sys.modules.pop("this", None)
    assert "The Zen of Python" in printed


@pytest.mark.parametrize("on_the_path", [False, True])
def test_the_search_path_is_left_as_it_was(elsewhere, capsys, monkeypatch, on_the_path):
    if on_the_path:
        monkeypatch.syspath_prepend(str(elsewhere))
    before = list(sys.path)
    run(capsys, "train", "--model", NAME, "--help")
    assert sys.path == before


def test_what_is_no_operator_is_refused_in_a_sentence(elsewhere, capsys, darcy_file):
    (elsewhere / "ownpackage" / "unfinished.py").write_text("class Scaled(:")
    (elsewhere / "ownpackage" / "needy.py").write_text("import notinstalled")
    for name, reason in (
        ("ownpackage.models:NoOperator", "is no operator"),
        ("ownpackage.models:Missing", "has no attribute 'Missing'"),
        ("ownpackage.nothing:Scaled", "No module named 'ownpackage.nothing'"),
        ("ownpackage.unfinished:Scaled", "SyntaxError"),
        ("ownpackage.needy:Scaled", "No module named 'notinstalled'"),
    ):
        assert reason in refused(capsys, "train", darcy_file, "--model", name, "--out", "run")


def test_a_package_gives_its_model_a_short_name(elsewhere, monkeypatch, darcy_file):
    """An entry point of the group `manojax.models`, as an installed package has it."""
    monkeypatch.syspath_prepend(str(elsewhere))
    found = [EntryPoint("scaled", NAME, "manojax.models")]
    monkeypatch.setattr(
        "manojax.operators.named.entry_points",
        lambda group, name: [each for each in found if (each.group, each.name) == (group, name)],
    )
    surrogate = pde.train(str(darcy_file), "run", model="scaled", epochs=1, resolution=9)
    assert surrogate.run.model == "scaled"
    assert manojax.name_of(manojax.find("scaled")) == NAME
    fields = pde.open(darcy_file).read("coefficient")
    np.testing.assert_array_equal(pde.load("run")(fields), surrogate(fields))


def test_a_package_gives_its_equation_a_short_name(elsewhere, monkeypatch):
    """An entry point of the group `manojax.equations`, as an installed package has it."""
    monkeypatch.syspath_prepend(str(elsewhere))
    found = [EntryPoint("screened", "ownpackage.physics:SCREENED", "manojax.equations")]
    monkeypatch.setattr(
        "manojax.operators.named.entry_points",
        lambda group, name: [each for each in found if (each.group, each.name) == (group, name)],
    )
    equation = find("screened")
    assert equation is find("ownpackage.physics:SCREENED")
    with pytest.raises(pde.InputError, match="there is no such equation"):
        find("scaled")


def test_a_class_of_a_notebook_says_that_it_will_not_load_elsewhere(elsewhere, darcy_file):
    script = f"""{MODELS}
import sys
import numpy as np
from flax import nnx
import pde

data = pde.open(sys.argv[1])
model = Scaled(1, 1, dtype="float32", rngs=nnx.Rngs(0))
normalisation = pde.Normalisation.fit([(data.read_inputs(), data.read_outputs())], data.grid)
pde.Surrogate(model, grid=data.grid, normalisation=normalisation).save("run")
pde.load("run")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(darcy_file)], capture_output=True, text=True, check=True
    )
    assert "__main__:Scaled will not load elsewhere; put the class into a module" in done.stderr
    with pytest.raises(pde.InputError, match="__main__:Scaled cannot be imported"):
        pde.load("run")


def test_the_flag_is_unknown_to_commands_where_it_names_no_class(capsys, darcy_file):
    with pytest.raises(SystemExit) as end:
        main(["info", str(darcy_file), "--model", "fno"])
    assert end.value.code == 2
