"""The tables of `docs/speed.md`: the solver on several machines, generation, pieces of a batch, start-up."""

from benchmarks.pages.cells import table
from benchmarks.record import load
from pde.runs.build import title_of
from pde.training.engine.pieces import pieces

SOLVERS = "solvers", "solvers_epyc"
"""Results of `benchmarks/speed/solvers.py`, by machine."""


def sections() -> dict[str, str]:
    return {write.__name__: write() for write in (peers, by_points, ideas, generation, in_pieces, start_up)}


def peers() -> str:
    found = [load(name) for name in SOLVERS]
    rows = []
    for name in found[0]["solvers"]["rows"]:
        cells = [each["solvers"]["rows"][name] for each in found]
        rows.append([name, *(f"{row['ratio']:.1f} ({1e3 * row['seconds']:.0f} ms)" for row in cells)])
    return table(found[1], ["solver", *_machines()], rows)


def by_points() -> str:
    found = [{row["resolution"]: row for row in load(name)["by_grid"]} for name in SOLVERS]
    rows = [
        [f"{side} x {side}", *(f"{each[side]['nanoseconds_a_point']:.0f}" for each in found)] for side in found[0]
    ]
    return table(load(SOLVERS[1]), ["nodes", *_machines()], rows)


def ideas() -> str:
    found = load("ideas")
    sides = found["nodes"]
    rows = [
        [name, *(f"{each[name]['ratio']:.2f} ({each[name]['iterations']})" for each in sides.values())]
        for name in next(iter(sides.values()))
    ]
    return table(found, ["idea", *sides], rows)


def _machines() -> list[str]:
    return [load(name).get("processor model", "a CPU of unknown model") for name in SOLVERS]


def generation() -> str:
    found = load("generate")
    columns = "solve, ms", "field, ms", "generate, ms", "ratio"
    rows = [
        [f"{row['side']} x {row['side']}", *(f"{row[column]:.2f}" for column in columns)] for row in found["rows"]
    ]
    return table(found, ["nodes", *columns[:-1], "generate over solve"], rows)


def in_pieces() -> str:
    found, rows = load("pieces"), []
    for row in found["rows"]:
        chosen = str(pieces(found["batch"], row["side"] ** 2))
        whole = row["pieces"]["1"]["ms"]
        cells = []
        for number, each in row["pieces"].items():
            ratio = f"{each['ms'] / whole:.2f}"
            cells.append(f"**{ratio}**" if number == chosen else ratio)
        memory = (row["pieces"][number]["MiB"] for number in ("1", chosen))
        side = f"{row['side']} x {row['side']}"
        rows.append(
            [f"{title_of(row['model'])}, {side}", f"{whole:.0f}", *cells, *(f"{each:.0f}" for each in memory)]
        )
    numbers = (f"{number} piece{'s' * (number != '1')}" for number in found["rows"][0]["pieces"])
    return table(found, ["", "whole, ms", *numbers, "whole, MiB", "in pieces, MiB"], rows)


def start_up() -> str:
    found = load("start_up")
    rows = [[name, f"{row['seconds']:.2f}"] for name, row in found["start-up"].items()]
    return table(found, ["", "seconds"], rows)
