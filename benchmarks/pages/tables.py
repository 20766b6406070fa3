"""Write the pages of docs/ that have templates here: the templates with tables of the other benchmarks' results.

python -m benchmarks.pages.tables
"""

import statistics
from pathlib import Path

from benchmarks.pages import front, paper, roofline, speed, three_axes
from benchmarks.pages.cells import FACES, Results, mean, milliseconds, size, table
from benchmarks.pages.learned import learned, learned_by_law, learned_fine, learned_widths
from benchmarks.pages.published_set import published_set
from benchmarks.record import ROOT, load
from pde.runs.build import title_of
from pde.system.files import write_text

HERE, DOCS = Path(__file__).parent, ROOT / "docs"


def equal_time() -> str:
    found, rows = load("equal_time"), []
    others = (load(f"equal_time_{name}")["results"] for name in ("fno_rate", "fno_h1", "unet", "patches"))
    for name, runs in (item for results in (found["results"], *others) for item in results.items()):
        eight = [run["symmetric"] for run in runs]
        errors = (mean(of, key) for key in ("relative_l2", "relative_h1") for of in (runs, eight))
        first = runs[0]
        model = f"{title_of(name)}, {first['loss']}, rate {first['learning_rate']:g}, batch {first['batch_size']}"
        rows.append([model, size(first["parameters"]), str(first["epochs"]), str(len(runs)), *errors])
    return table(found, ["", "parameters", "epochs", "seeds", "L2", "eight", "H1", "eight"], rows)


def cell_means() -> str:
    return on_cell_means(load("equal_time_means"), load("equal_time_means_seeds")["results"])


def cell_means_61() -> str:
    return on_cell_means(load("equal_time_means_61"), {})


def on_cell_means(found: Results, further: Results) -> str:
    programs, rows = found["programs"], []
    for name in found["results"] | further:
        runs = [*found["results"].get(name, []), *further.get(name, [])]
        first, errors = runs[0], [run["relative_l2"] for run in runs]
        spread = f" ± {statistics.stdev(errors):.5f}" if len(errors) > 1 else ""
        trained = size(first["parameters"]), str(first["epochs"]), str(len(runs))
        eight = statistics.mean(run["symmetric"]["relative_l2"] for run in runs)
        accuracy = f"{statistics.mean(errors):.5f}{spread}", f"{eight:.5f}"
        time = f"{programs[name]['milliseconds']:.1f}" if name in programs else ""
        rows.append([title_of(name), *trained, *accuracy, time])
    for name, each in programs.items():
        if name not in found["results"]:
            error = f"{each['relative_l2']:.5f}"
            rows.append([name, "none", "", "", error, "", f"{each['milliseconds']:.1f}"])
    return table(found, ["", "parameters", "epochs", "seeds", "L2", "eight", "ms"], rows)


def tuning() -> str:
    found, trials = load("tuning"), {}
    for row in found["trials"]:
        trial = f"{row['learning_rate']:g}", str(row["batch_size"]), row["loss"]
        trials.setdefault(trial, {})[row["model"]] = f"{row['relative_l2']:.4f}"
    rows = [[*trial, errors["mano"], errors["fno"]] for trial, errors in trials.items()]
    return table(found, ["rate", "batch", "loss", "MANO", "FNO"], rows)


def transfer() -> str:
    found = load("transfer")
    runs = [*found["runs"], *load("transfer_43_61")["runs"]]
    curves = {}
    for run in runs:
        for mode in ("direct", "resample"):
            name = f"{title_of(run['model'])} trained at {run['trained at'][0]}, {mode}"
            curves[name] = {row["resolution"]: row[mode] for row in run["relative_l2"]}
    for kind, name in (
        ("mean", "mean of two strided coarse solves"),
        ("upscaled", "coarse solve, upscaled faces"),
    ):
        coarse = load("coarse_solve")["relative_l2"].items()
        curves[name] = {int(n): by_faces[kind]["mean"] for n, by_faces in coarse}
    grids = [row["resolution"] for row in runs[-1]["relative_l2"]]
    rows = [[name, *(f"{curve[n]:.4f}" if n in curve else "" for n in grids)] for name, curve in curves.items()]
    return table(found, ["", *map(str, grids)], rows)


def informed() -> str:
    names = {
        "mean": "mean of two strided coarse solves",
        "upscaled": "coarse solve, upscaled faces",
        "means": "{} that sees cell means",
        "informed-upscaled-means": "{} that corrects the upscaled solve",
    }
    found = {resolution: load(f"informed_{resolution}") for resolution in (31, 61, 85)}
    rows = [
        [
            names[row.get("view") or row["faces"]].format(title_of(row["model"])),
            f"{resolution} x {resolution}",
            size(row["parameters"]),
            f"{row['relative_l2']:.4f}",
            f"{row['milliseconds']:.1f}",
        ]
        for resolution, results in found.items()
        for row in results["rows"]
    ]
    return table(found[31], ["", "grid", "parameters", "L2", "ms"], rows)


def by_samples() -> str:
    return generalisation("by training samples", "samples")


def by_law() -> str:
    return generalisation("by law", "tested on")


def by_seed() -> str:
    return generalisation("by seed", "")


def generalisation(kind: str, what: str) -> str:
    found = load("generalisation")
    columns = next(rows for name, rows in found["tables"].items() if name.startswith(kind))
    rows = [[name, *(f"{error:.4f}" for error in row.values())] for name, row in columns.items()]
    names = next(iter(columns.values()))
    sizes = found["parameters"]
    headers = (f"{title_of(name)}, {size(sizes[name])}" if name in sizes else name for name in names)
    return table(found, [what, *headers], rows)


def coarse_solve() -> str:
    found = load("coarse_solve")
    grids = found["relative_l2"].values()
    rows = [[name, *(f"{by_faces[faces]['mean']:.4f}" for by_faces in grids)] for faces, name in FACES.items()]
    return table(found, ["points a side", *found["relative_l2"]], rows)


def neuraloperator_darcy() -> str:
    found, rows = load("neuraloperator_darcy"), []
    for name, seeds in _sixteen().items():
        errors = (mean(seeds, key) for key in ("relative_l2", "relative_mse"))
        seconds = statistics.mean(run["seconds"] for run in seeds)
        rows.append([title_of(name), size(seeds[0]["parameters"]), f"{seconds:.0f}", *errors])
    solve = next(row for row in load("paper")["solves"] if row["of"]["set"] == "darcy-16")
    errors = (f"{solve[key]:.4f}" for key in ("relative_l2", "relative_mse"))
    rows.append([f"coarse solve, {solve['milliseconds']:.1f} ms a sample", "none", "", *errors])
    return table(found, ["", "parameters", "seconds of training", "L2", "MSE"], rows)


def _sixteen() -> dict[str, list[Results]]:
    """Return the runs of each model on the 16 x 16 set."""
    return load("neuraloperator_darcy_mano")["results"] | load("neuraloperator_darcy")["results"]


def sixteen_mse() -> dict[str, float]:
    """Return the relative MSE of each model on the 16 x 16 set."""
    return {name: statistics.mean(run["relative_mse"] for run in runs) for name, runs in _sixteen().items()}


def operators() -> str:
    found = load("operators")
    rows = []
    for name, kind in found.items():
        if isinstance(kind, dict) and "rows" in kind:
            first, last = kind["rows"][0], kind["rows"][-1]
            grids = " to ".join(" x ".join(map(str, row["grid"])) for row in (first, last))
            for what, prefix in (("forward", "forward "), ("step", "")):
                powers = ("flops exponent", "bytes exponent", "seconds exponent from the second grid")
                grown = (f"{kind[prefix + power]:.2f}" for power in powers)
                times = (f"{1000 * row[prefix + 'seconds']:.0f}" for row in (first, last))
                rows.append([f"{name}, {what}", grids, *grown, *times])
    return table(found, ["operator", "grids", "operations", "memory", "time", "ms, first", "ms, last"], rows)


def fno() -> str:
    found = load("fno")
    jobs = ("step", "steps in a loop", "steps in pieces", "inference", "inference in pieces")
    rows = [
        [name, size(parameters), *(milliseconds(found[job][name]) for job in jobs)]
        for name, parameters in found["parameters"].items()
    ]
    return table(found, ["", "parameters", *jobs], rows)


def iterations() -> str:
    found = load("iterations")
    most = found["most iterations"]
    laws = list(next(iter(most.values())))
    rows = [[grid, *(str(counts[law]) for law in laws)] for grid, counts in most.items()]
    return table(found, ["nodes", *laws], rows)


def canonical() -> str:
    found = load("canonical")
    rows = []
    for scheme in ("cells, arithmetic", "cells, harmonic", "nodes, same array", "nodes, same field"):
        distances = [sample[scheme] for sample in found["samples"]]
        rows.append([scheme, *(f"{of(distances):.3%}" for of in (min, statistics.median, max))])
    return table(found, ["scheme", "least", "median", "most"], rows)


ERRORS = (
    equal_time,
    cell_means,
    cell_means_61,
    tuning,
    transfer,
    informed,
    coarse_solve,
    neuraloperator_darcy,
    canonical,
    three_axes.three_axes,
)
LEARNED = learned, learned_widths, learned_fine, learned_by_law
FRONT = front.front, front.alone
GENERALISATION = by_samples, by_law, by_seed
COSTS = operators, fno, iterations


def benchmarks_page() -> str:
    floor = load("floor")["relative_l2"]["phases at the nodes"]
    return filled(
        "benchmarks",
        **{write.__name__: write() for write in (*ERRORS, *LEARNED, *FRONT, *GENERALISATION, *COSTS)},
        **front.front_figures(),
        learned_over_upscaled=three_axes.learned_over_upscaled(),
        strided=load("informed_31")["rows"][0]["relative_l2"],
        at_43=next(row["upscaled"] for row in load("learned")["grids"] if row["nodes"] == 43),
        constant=load("learned")["constant"]["31"],
        floor=floor["mean"],
        error=floor["standard error"],
        ratio=load("operators")["64 x 64"]["full attention by mano"],
        rounds=load("fno")["rounds"],
        fno_ratio={
            job: {name: load("fno")[job][name]["ratio"] for name in ("neuraloperator", "pdequinox")}
            for job in ("step", "inference")
        },
        fitted=paper.fitted_solve(),
    )


def weak_baselines_page() -> str:
    return filled(
        "weak-baselines",
        published_set=published_set(),
        fitted=paper.fitted_solve(),
        least_mse=min(sixteen_mse().values()),
        most_mse=max(sixteen_mse().values()),
        **load("coarse_solve_canonical"),
    )


def filled(page: str, **fields: object) -> str:
    return (HERE / f"{page}.md.template").read_text(encoding="utf-8").format(**fields)


def paper_page() -> str:
    return filled("paper", **paper.sections(), best_epochs=sixteen_mse())


def speed_page() -> str:
    limits = roofline.operators_and_limits, roofline.solver_and_limits, three_axes.box_solver
    tables = {write.__name__: write() for write in limits}
    return filled("speed", **speed.sections(), **tables, longest=load("longest"), **roofline.roofline_figures())


PAGES = {
    DOCS / "benchmarks.md": benchmarks_page,
    DOCS / "weak-baselines.md": weak_baselines_page,
    DOCS / "paper.md": paper_page,
    DOCS / "speed.md": speed_page,
}


def main() -> None:
    for path, page in PAGES.items():
        write_text(path, page())
    front.draw()
    roofline.draw()


if __name__ == "__main__":
    main()
