"""The tables of docs/paper.md, from the sections of `paper.json` that were run, and the commands of the others."""

import json
import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from benchmarks.pages.cells import Results, size, table
from benchmarks.record import RESULTS, load

COMMANDS = {
    ("models", "minutes"): "models FOLDER --data DATA --sets {sets} --minutes 15",
    ("models", "epochs"): "models FOLDER --data DATA --sets {sets} --epochs 30",
    ("ablations", "epochs"): "ablations FOLDER --epochs 30",
    ("transfer", "epochs"): "transfer FOLDER --epochs 30",
    ("interfaces", "epochs"): "interfaces FOLDER --epochs 30",
    ("cost", "points"): "cost FOLDER",
}
"""Arguments of `python -m benchmarks.accuracy.paper`, by section and a key that tells its rows."""
SETS = ("darcy-16", "cells-32", "nodes-31")
"""Sets of the section "models"."""


class Group(NamedTuple):
    """Rows that differ in their seeds alone."""

    of: dict[str, Any]
    rows: list[Results]

    def mean(self, key: str, digits: int = 4) -> str:
        return f"{statistics.mean(row[key] for row in self.rows):.{digits}f}"

    @property
    def seeds(self) -> str:
        return " ".join(str(row["of"]["seed"]) for row in self.rows)

    @property
    def training(self) -> list[str]:
        """Parameters, epochs, seconds and seeds; for what is not trained, empty cells."""
        first = self.rows[0]
        if "trained for" not in first:
            return ["none", "", "", ""]
        seconds = statistics.mean(row["trained for"]["seconds"] for row in self.rows)
        return [size(first["parameters"]), str(first["trained for"]["epochs"]), f"{seconds:.0f}", self.seeds]

    def command(self, section: str) -> str:
        if "trained for" not in self.rows[0]:
            return ""
        of = self.of
        budget = next(f"--{key} {of[key]:g}" for key in ("minutes", "epochs") if key in of)
        options = f" --options '{json.dumps({of['case']: of['options']})}'" if of["options"] else ""
        return f"`{section} --sets {of['set']} --cases {of['case']} {budget} --seeds {self.seeds}{options}`"


def groups(rows: Iterable[Results]) -> list[Group]:
    """Return rows by what they are of, sets in the order of the rows, the same epochs before the same minutes."""
    found: list[Group] = []
    for row in rows:
        of = {key: value for key, value in row["of"].items() if key != "seed"}
        same = next((group for group in found if group.of == of), None)
        if same is None:
            found.append(Group(of, [row]))
        else:
            same.rows.append(row)
    sets = list(dict.fromkeys(group.of["set"] for group in found))
    return sorted(found, key=lambda group: (sets.index(group.of["set"]), "minutes" in group.of))


TRAINING = ["parameters", "epochs", "seconds", "seeds"]


def errors(section: str, found: Results, names: Mapping[str, str]) -> str:
    """Return a table of a section: its sets and cases, errors by the names of their columns, and commands."""
    rows = [
        [f"{each.of['set']}: {each.of['case']}", *each.training, *map(each.mean, names), each.command(section)]
        for each in groups(found["rows"])
    ]
    return table(found, ["", *TRAINING, *names.values(), "command"], rows)


def models(found: Results) -> str:
    return errors("models", found, {"relative_mse": "MSE", "relative_l2": "L2"})


def ablations(found: Results) -> str:
    return errors("ablations", found, {"relative_mse": "MSE", "relative_l2": "L2"})


def interfaces(found: Results) -> str:
    names = {"relative_l2": "L2", "relative_near_interface": "near", "relative_elsewhere": "elsewhere"}
    return errors("interfaces", found, names)


def transfer(found: Results) -> str:
    rows = []
    for each in groups(found["rows"]):
        grids = zip(*(row["relative_l2"] for row in each.rows), strict=True)
        by_grid = [Group(each.of, list(same)) for same in grids]
        direct, resample = ([grid.mean(mode) for grid in by_grid] for mode in ("direct", "resample"))
        rows.append([each.of["case"], *each.training, *direct, *resample[1:], each.command("transfer")])
    grids = [str(grid["resolution"]) for grid in found["rows"][0]["relative_l2"]]
    resampled = [f"{grid}, resampled" for grid in grids[1:]]
    return table(found, ["", *TRAINING, *grids, *resampled, "command"], rows)


def cost(found: Results) -> str:
    milliseconds = {(row["of"]["case"], row["of"]["points"]): row["milliseconds"] for row in found["rows"]}
    parameters = {row["of"]["case"]: row["parameters"] for row in found["rows"]}
    points = sorted({each for _, each in milliseconds})
    rows = [
        [case, size(count), *(f"{milliseconds[case, n]:.1f}" if (case, n) in milliseconds else "" for n in points)]
        for case, count in parameters.items()
    ]
    return table(found, ["milliseconds by points", "parameters", *map(str, points)], rows)


TABLES: dict[str, Callable[[Results], str]] = {
    "models": models,
    "ablations": ablations,
    "transfer": transfer,
    "interfaces": interfaces,
    "cost": cost,
}


def sections() -> dict[str, str]:
    """Return a table or a sentence for each section, and the commands that were not run as "not_run"."""
    found = load("paper") if (RESULTS / "paper.json").exists() else {}
    written = {
        name: write({**found[name], "versions": found["versions"]}) if name in found else "Not run yet."
        for name, write in TABLES.items()
    }
    missing = []
    for (section, key), command in COMMANDS.items():
        run = [row["of"] for row in found.get(section, {}).get("rows", []) if key in row["of"]]
        sets = [name for name in SETS if name not in {of.get("set") for of in run}]
        if not run or ("{sets}" in command and sets):
            missing.append(command.format(sets=" ".join(sets)))
    return written | {"not_run": not_run(missing)}


def not_run(commands: list[str]) -> str:
    if not commands:
        return "Every section has been run."
    lines = (f"python -m benchmarks.accuracy.paper {command}" for command in commands)
    return "\n".join(["<!-- not run: hours of training -->", "```sh", *lines, "```"])
