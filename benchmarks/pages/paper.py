"""The tables of docs/paper.md from the sections of `paper.json` that were run, and the commands of the others."""

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks.accuracy.paper import ablations, interfaces, models, solves, transfer
from benchmarks.pages.cells import Results, size, table
from benchmarks.record import RESULTS, load

PLANNED = (
    (models, "minutes", 15),
    (models, "epochs", 15),
    (ablations, "epochs", 15),
    (transfer, "epochs", 15),
    (interfaces, "epochs", 15),
)
"""Sections of the benchmark, each with the kind and the amount of training that its cases have on all its sets."""


def written(error: float) -> str:
    return f"{error:#.3g}"


class Group(NamedTuple):
    """Rows that differ in their seeds alone."""

    of: dict[str, Any]
    rows: list[Results]

    def mean(self, key: str) -> str:
        return written(statistics.mean(row[key] for row in self.rows))

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

    @property
    def label(self) -> str:
        milliseconds = self.rows[0].get("milliseconds")
        time = "" if milliseconds is None else f", {milliseconds:.1f} ms a sample"
        return f"{self.of['set']}: {self.of['case']}{time}"

    def command(self, section: str) -> str:
        of = self.of
        if "trained for" not in self.rows[0]:
            return f"`solves --sets {of['set']}`"
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
        [each.label, *each.training, *map(each.mean, names), each.command(section)]
        for each in groups([*found["rows"], *found["solves"]])
    ]
    return table(found, ["", *TRAINING, *names.values(), "command"], rows)


def models_table(found: Results) -> str:
    return errors("models", found, {"relative_mse": "MSE", "relative_l2": "L2"})


def ablations_table(found: Results) -> str:
    return errors("ablations", found, {"relative_mse": "MSE", "relative_l2": "L2"})


def interfaces_table(found: Results) -> str:
    names = {"relative_l2": "L2", "relative_near_interface": "near", "relative_elsewhere": "elsewhere"}
    return errors("interfaces", found, names)


def transfer_table(found: Results) -> str:
    rows = []
    for each in groups(found["rows"]):
        grids = zip(*(row["relative_l2"] for row in each.rows), strict=True)
        by_grid = [Group(each.of, list(same)) for same in grids]
        direct, resample = ([grid.mean(mode) for grid in by_grid] for mode in ("direct", "resample"))
        rows.append([each.of["case"], *each.training, *direct, *resample[1:], each.command("transfer")])
    for each in groups(found["solves"]):
        solved = [written(grid["relative_l2"]) for grid in each.rows[0]["by_grid"]]
        rows.append(
            [each.of["case"], *each.training, *solved, *[""] * (len(solved) - 1), each.command("transfer")]
        )
    grids = [str(grid["resolution"]) for grid in found["rows"][0]["relative_l2"]]
    resampled = [f"{grid}, resampled" for grid in grids[1:]]
    return table(found, ["", *TRAINING, *grids, *resampled, "command"], rows)


def cost_table(found: Results) -> str:
    milliseconds = {(row["of"]["case"], row["of"]["points"]): row["milliseconds"] for row in found["rows"]}
    parameters = {row["of"]["case"]: row["parameters"] for row in found["rows"]}
    points = sorted({each for _, each in milliseconds})
    rows = [
        [case, size(count), *(f"{milliseconds[case, n]:.1f}" if (case, n) in milliseconds else "" for n in points)]
        for case, count in parameters.items()
    ]
    return table(found, ["milliseconds by points", "parameters", *map(str, points)], rows)


TABLES: dict[str, Callable[[Results], str]] = {
    "models": models_table,
    "ablations": ablations_table,
    "transfer": transfer_table,
    "interfaces": interfaces_table,
    "cost": cost_table,
}


def sections() -> dict[str, Any]:
    """Return what the page's template takes.

    These are a table or a sentence for each section, the commands that were not run as "not_run", and the figures
    that the text quotes.
    """
    found = load("paper") if (RESULTS / "paper.json").exists() else {}
    tables = dict.fromkeys(TABLES, "Not run yet.")
    tables |= {name: TABLES[name](results(found, name)) for name in TABLES if name in found}
    missing = [command for plan in PLANNED for command in commands_left(found, *plan)]
    solved = {row["of"]["set"] for row in found.get("solves", [])}
    if unsolved := [name for name in solves.SETS if name not in solved]:
        missing.append(f"solves FOLDER --data DATA --sets {' '.join(unsolved)}")
    if "cost" not in found:
        missing.append("cost FOLDER")
    return tables | quoted(found) | {"not_run": not_run(missing), "full_by_mano": full_by_mano(found, 4096)}


def results(found: Results, section: str) -> Results:
    """Return a section's rows, the plain solves of its sets, and the machines of both."""
    rows = found[section]
    sets = {row["of"].get("set") for row in rows}
    solved = [row for row in found.get("solves", []) if row["of"]["set"] in sets]
    processors = dict.fromkeys(row["machine"]["processor model"] for row in [*rows, *solved])
    machine = {**rows[0]["machine"], "processor model": " or ".join(processors)}
    return {"rows": rows, "solves": solved, **machine, "versions": found["versions"]}


def quoted(found: Results) -> dict[str, dict[str, str]]:
    """Return errors by case, by set, or by case, mode and grid."""

    def by_case(section: str, name: str, budget: str) -> dict[str, str]:
        chosen = (each for each in groups(found.get(section, [])) if each.of["set"] == name and budget in each.of)
        return {each.of["case"]: each.mean("relative_mse") for each in chosen}

    return {
        "minutes": by_case("models", "darcy-16", "minutes"),
        "epochs": by_case("models", "darcy-16", "epochs"),
        "cells": by_case("models", "cells-32", "epochs"),
        "changed": by_case("ablations", "cells-32", "epochs"),
        "solved": {row["of"]["set"]: written(row["relative_mse"]) for row in found.get("solves", [])},
        "interface": {
            f"{row['of']['set']} {row['of']['case']} {place}": written(row[key])
            for row in [*found.get("interfaces", []), *found.get("solves", [])]
            for place, key in (("near", "relative_near_interface"), ("elsewhere", "relative_elsewhere"))
            if key in row
        },
        "transferred": {
            f"{row['of']['case']} {mode} {grid['resolution']}": written(grid[mode])
            for row in found.get("transfer", [])
            for grid in row["relative_l2"]
            for mode in ("direct", "resample")
        },
    }


def fitted_solve() -> str:
    """Return the relative MSE of the solve of the 16 x 16 set whose contrast and scale are fitted."""
    return quoted(load("paper"))["solved"]["darcy-16"]


def full_by_mano(found: Results, points: int) -> float:
    """Return the time of full attention by that of MANO."""
    rows = found.get("cost", [])
    times = {row["of"]["case"]: row["milliseconds"] for row in rows if row["of"]["points"] == points}
    return times["full-attention"] / times["mano"] if times else float("nan")


def commands_left(found: Results, section: ModuleType, kind: str, amount: int) -> Iterator[str]:
    """Yield the commands of a section that are left: sets with the same cases left share one."""
    name = section.__name__.rpartition(".")[2]
    rows = found.get(name, [])
    run = {(row["of"]["set"], row["of"]["case"]) for row in rows if kind in row["of"]}
    sets_by_cases = defaultdict(list)
    for each in section.SETS:
        sets_by_cases[tuple(case for case in section.CASES if (each, case) not in run)].append(each)
    for cases, sets in sets_by_cases.items():
        if cases:
            data = " --data DATA" if "darcy-16" in sets else ""
            chosen = "" if len(cases) == len(section.CASES) else f" --cases {' '.join(cases)}"
            yield f"{name} FOLDER{data} --sets {' '.join(sets)}{chosen} --{kind} {amount}"


def not_run(commands: list[str]) -> str:
    if not commands:
        return "Every section has been run."
    lines = (f"python -m benchmarks.accuracy.paper {command}" for command in commands)
    return "\n".join(["<!-- not run: hours of training -->", "```sh", *lines, "```"])
