"""Evaluations as plain text: first a table of mean errors, then details of where the errors lie."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pde.evaluation.baselines import schemes
from pde.runs.build import title_of
from pde.system.numbers import short
from pde.system.timing import REPEATS

Report = Mapping[str, Any]


def table(reports: Sequence[Report], coarse: Report) -> str:
    """Write one line for each model, grid and mode, a dash where that is impossible, and the coarse solves below.

    Args:
        reports: results of `pde.evaluation.evaluate.evaluate`, one for each model, on the same samples.
        coarse: result of `pde.evaluation.baselines.coarse_baseline`.
    """
    lines = [
        f"Means over {reports[0]['samples']} samples: relative L2 with its 95 % bootstrap interval, relative MSE,",
        f"relative H1; milliseconds a sample, one at a time, median of {REPEATS}, {reports[0]['device']}.",
        "",
        f"{'model':14} {'parameters':>10} {'grid':>9}  {'by':10} {'L2':>7}  {'95 % interval':16}"
        f" {'MSE':>8} {'H1':>7} {'ms':>8}",
    ]
    for name, parameters, grid, by, errors in _entries(reports, coarse):
        if "left_out" in errors:
            lines.append(f"{name:14} {parameters:>10} {grid:>9}  {by:10} {'-':>7}")
            continue
        low, high = errors["interval"]
        lines.append(
            f"{name:14} {parameters:>10} {grid:>9}  {by:10} {short(errors['relative_l2']):>7}"
            f"  {short(low)} to {short(high)}  {errors['relative_mse']:8.2e} {short(errors['relative_h1']):>7}"
            f" {errors['milliseconds']:8.1f}" + ("  (nearest points)" if errors.get("inputs") == "nearest" else "")
        )
    return "\n".join([*lines, "", *_by_output(reports, coarse), *about_coarse(coarse)])


def _by_output(reports: Sequence[Report], coarse: Report) -> list[str]:
    """Write the relative L2 of each output on the lines of `table`, where there are several."""
    entries = [entry for entry in _entries(reports, coarse) if "left_out" not in entry[-1]]
    beginning = "relative_l2 of "
    names = [key.removeprefix(beginning) for key in entries[0][-1] if key.startswith(beginning)] if entries else []
    if not names:
        return []
    widths = [max(7, len(name)) for name in names]
    heads = "  ".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    lines = [
        "The errors above are means over the outputs. Relative L2 of each by itself, a vector as one:",
        "",
        f"{'model':14} {'grid':>9}  {'by':10} {heads}",
    ]
    for model, _, grid, by, errors in entries:
        each = zip((errors[beginning + name] for name in names), widths, strict=True)
        lines.append(
            f"{model:14} {grid:>9}  {by:10} " + "  ".join(f"{short(error):>{width}}" for error, width in each)
        )
    return [*lines, ""]


def left_out(report: Report) -> list[str]:
    """Write a sentence for each reason that made lines of `table` a dash."""
    lines: dict[str, list[str]] = defaultdict(list)
    for name, _, grid, by, errors in _entries([report], {}):
        if "left_out" in errors:
            lines[errors["left_out"]].append(f"{name} {by} on {' '.join(grid.split())}")
    return [f"left out: {', '.join(each)}: {reason}" for reason, each in lines.items()]


def costs(reports: Sequence[Report], coarse: Report) -> dict[str, dict[str, tuple[float, float]]]:
    """Collect {"MANO, direct": {"31": (milliseconds a sample, mean relative L2)}} for `pde.plots.errors_by_time`.

    Keys such as "31" are points along axis 1. Modes that are left out are missing, and so are errors of zero,
    where a solve repeats the one that made the file.
    """
    found: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for name, _, grid, by, errors in _entries(reports, coarse):
        if errors.get("relative_l2"):
            found[f"{title_of(name)}, {by}"][grid.split()[0]] = errors["milliseconds"], errors["relative_l2"]
    return dict(found)


_COLUMNS = {
    "k<5": "relative_low",
    "k<13": "relative_middle",
    "k>=13": "relative_high",
    "max": "relative_maximum",
    "border": "relative_boundary",
    "near": "relative_near_interface",
    "else": "relative_elsewhere",
}


def details(reports: Sequence[Report], coarse: Report) -> str:
    """Write percentiles over samples, and the error by band and region, on the lines of `table`."""
    lines = [
        "Relative L2 by percentile of the samples. Then means over the samples of the root mean square error in a",
        "band of wave numbers k (below 5, 5 to 13, above), on the outermost points, within two cells of an",
        "interface of the input and elsewhere, over the root mean square of the solution; max is the",
        "largest error over the largest value of the solution. Parameters: "
        + ", ".join(f"{report['model']} {report['parameters']:,}" for report in reports),
        "",
        f"{'model':14} {'grid':>9}  {'by':10}"
        + "".join(f"{name:>7}" for name in ("50 %", "90 %", "99 %", "worst", *_COLUMNS)),
    ]
    for name, _, grid, by, errors in _entries(reports, coarse):
        if "left_out" in errors:
            continue
        numbers = [*errors["percentiles"].values(), *(errors.get(key) for key in _COLUMNS.values())]
        shown = "".join(f"{'' if number is None else short(number):>7}" for number in numbers)
        lines.append(f"{name:14} {grid:>9}  {by:10}{shown}".rstrip())
    return "\n".join([*lines, *_consistencies(reports), *_residuals(reports)])


def _entries(reports: Sequence[Report], coarse: Report) -> Iterator[tuple[str, str, str, str, Report]]:
    """Yield name, parameters, grid, mode or scheme, and errors of each line."""
    solves = {"model": "coarse solve", "parameters": None, "rows": coarse.get("rows", [])}
    for report in (*reports, solves):
        parameters = "none" if report["parameters"] is None else f"{report['parameters']:,}"
        for row in report["rows"]:
            first, *others = row["shape"]
            grid = "".join([str(first), *(f" x{points:>3}" for points in others)])
            for by, errors in row.items():
                if isinstance(errors, Mapping) and errors.keys() & {"relative_l2", "left_out"}:
                    yield report["model"], parameters, grid, by, errors


def about_coarse(coarse: Report) -> list[str]:
    """State the equation of a table's coarse solves, or why there are none, one sentence a line."""
    if "left_out" in coarse:
        return [f"No coarse solves: {coarse['left_out']}."]
    return [
        f"Coarse solves of {coarse['equation']}: {coarse['assumed']}.",
        *(_about_own(row) for row in coarse["rows"] if "truth" in row),
    ]


def _about_own(row: Report) -> str:
    first = next(iter(schemes(row)))
    return f"At {row['resolution']}, the file's own grid, the {first} solve repeats what `manojax generate` does."


def _consistencies(reports: Sequence[Report]) -> list[str]:
    return [
        f"\n{report['model']}: run on half the spacing of its training grid and strided back, its predictions are "
        f"{short(report['consistency'])} off those on the training grid (relative L2)"
        for report in reports
        if report["consistency"] is not None
    ]


_WITH_RESIDUAL = ("direct", "resample", "truth")


_MEASURES = {
    "residual": "relative residual on the file's own grid, in the scheme of `manojax generate`",
    "divergence": "distance of the fluxes' divergence from f, over f, by differences on the file's own grid",
}


def _residuals(reports: Sequence[Report]) -> list[str]:
    return [
        f"\n{report['model']}: {_MEASURES.get(measure, measure)}: "
        + ", ".join(f"{by} {row[by][measure]:.2e}" for by in _WITH_RESIDUAL if measure in row[by])
        for report in reports
        for row in report["rows"]
        for measure in row.get("truth", ())
    ]
