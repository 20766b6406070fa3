"""One self-contained HTML page: errors, plots, configuration, versions, times."""

import base64
import html
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pde import plots
from pde.data.data_file import DataFile
from pde.evaluation.baselines import errors_by_scheme
from pde.evaluation.evaluate import evaluate_together
from pde.evaluation.figures import OneSample, WorstSamples, finest_sample, worst_samples
from pde.reports.figures import sample_figure, worst_figure
from pde.reports.text import details, table
from pde.runs.build import title_of
from pde.runs.run import SPREAD, Run
from pde.surrogates.surrogate import Surrogate
from pde.system.files import write_text
from pde.system.numbers import short

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1, h2, p { max-width: 48rem; overflow-wrap: anywhere }
table { border-collapse: collapse }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap }
th { border-bottom: 1px solid #888; font-weight: 600 } td:first-child, th:first-child { text-align: left }
tr.loses td.direct { color: #a33 }
.scroll { overflow-x: auto; margin: 1rem 0 }
.scroll img { display: block; height: auto } @media (min-width: 60rem) { .scroll img { max-width: 100% } }
pre { background: #f5f5f5; padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere }
pre.scroll { white-space: pre; overflow-wrap: normal; font-size: 14px }
"""
"""Wide content scrolls inside its own box, so that the page is as wide as the screen; lines of text wrap."""
_META = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
_PIXELS_AN_INCH = 96
"""CSS pixels per inch. Letters in a figure keep their size on a narrow screen, where the figure scrolls."""
_METHODS = (
    "<b>Direct</b> gives the model the inputs on the grid itself. <b>Resample</b> strides them to the training "
    "grid, predicts there and interpolates by cubic splines: the plain baseline that a zero-shot claim must beat. "
    "Direct errors in red lose to it. <b>Coarse solve</b> solves the equation again on the grid, from strided "
    "inputs or by a scheme that sees the fine ones, without any training."
)


@dataclass(frozen=True)
class Tested:
    """Results of models on a test file."""

    reports: Sequence[Mapping[str, Any]]
    """Results of `pde.evaluation.evaluate.evaluate`, one a model."""
    coarse: Mapping[str, Any]
    """Result of `pde.evaluation.baselines.coarse_baseline` on the same grids."""
    fields: Sequence[OneSample]
    """A sample on the finest grid, once for each output."""
    worst: Mapping[str, Sequence[WorstSamples]] = field(default_factory=dict)
    """The samples of largest error by model."""

    @classmethod
    def on(
        cls,
        surrogates: Sequence[Surrogate],
        data: DataFile,
        resolutions: Sequence[int] | None = None,
        *,
        worst: bool = False,
    ) -> "Tested":
        """Evaluate models on strides of a data file.

        Raises:
            InputError, ArithmeticError: as `pde.evaluation.evaluate.evaluate`.
        """
        evaluation = evaluate_together(surrogates, data, resolutions)
        reports = evaluation.reports
        fields = finest_sample(surrogates, data, max(row["resolution"] for row in reports[0]["rows"]))
        drawn = zip(surrogates, reports, strict=True) if worst else ()
        worsts = {each.run.model: worst_samples(each, data, report) for each, report in drawn}
        return cls(reports, evaluation.coarse, fields, worsts)


@dataclass(frozen=True)
class Report:
    """Contents of the page."""

    title: str
    runs: Sequence[Run]
    histories: Mapping[str, Sequence[Mapping[str, Any]]]
    """Histories (`pde.runs.run.history`) by model."""
    tested: Tested | None = None
    about: str = ""
    """Lines of text below the title."""
    generated: Mapping[str, Any] | None = None
    """Origin of the data."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall times by name."""


def write_report(path: Path, report: Report) -> None:
    """Write the page; the file appears whole or not at all."""
    title = html.escape(report.title)
    head = f"{_META}<title>{title}</title><style>{_STYLE}</style>"
    body = "\n".join([f"<h1>{title}</h1>", *_sections(report)])
    write_text(path, f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n')


def _sections(report: Report) -> Iterator[str]:
    if report.about:
        yield _text(report.about)
    if report.tested is not None:
        yield from _errors(report.tested)
    curves = {name: history for name, history in report.histories.items() if history}
    if curves:
        yield "<h2>Learning curves</h2>"
        yield _image(plots.learning_curves(curves), "error against epoch")
    if report.seconds:
        yield "<h2>Wall times</h2>"
        yield f"<p>{', '.join(f'{name}: {value:.0f} s' for name, value in report.seconds.items())}</p>"
    yield "<h2>Configuration and versions</h2>"
    if report.generated is not None:
        yield _text(json.dumps(report.generated, indent=1))
    yield from (_text(_configuration(run)) for run in report.runs)


def _errors(tested: Tested) -> Iterator[str]:
    trained, samples = (tested.reports[0][key] for key in ("train_resolution", "samples"))
    yield (
        f"<p>Trained on {trained} points along axis 1, evaluated with the same weights on the grids below: means "
        f"over {samples} test samples of relative L2, relative MSE (the mean of squares) and relative H1. "
        f"{_METHODS}</p>"
    )
    yield _error_table(tested)
    yield f"<p>{html.escape(SPREAD)}</p>"
    curves = errors_by_scheme(tested.coarse)
    yield _image(plots.errors_by_grid(tested.reports, curves), "relative L2 by points a side")
    yield "<h2>The same with intervals, times and coarse solves</h2>"
    yield from _blocks(table(tested.reports, tested.coarse))
    yield from _blocks(details(tested.reports, tested.coarse))
    yield "<h2>One test sample on the finest grid</h2>"
    for one in tested.fields:
        yield _image(sample_figure(one), f"input, {one.name}, predictions and their errors")
    for model, drawn in tested.worst.items():
        yield f"<h2>Where {html.escape(title_of(model))} does worst</h2>"
        for worst in drawn:
            yield _image(worst_figure(worst), f"input, {worst.name}, prediction and error of the worst samples")


_COLUMNS = {"L2": ("relative_l2", short), "MSE": ("relative_mse", "{:.2e}".format), "H1": ("relative_h1", short)}


def _error_table(tested: Tested) -> str:
    heads = [
        "model",
        "parameters",
        "grid",
        *(f"{mode} {name}" for mode in ("direct", "resample") for name in _COLUMNS),
    ]
    rows = [f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"]
    rows += [_row(model, row) for model in tested.reports for row in model["rows"]]
    return _scrolling(f"<table>{''.join(rows)}</table>")


def _row(model: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    direct, resample = (row[mode].get("relative_l2") for mode in ("direct", "resample"))
    loses = ' class="loses"' if direct is not None and resample is not None and direct > resample else ""
    cells = "".join(f"<td>{cell}</td>" for cell in (title_of(model["model"]), f"{model['parameters']:,}"))
    cells += f"<td>{' x '.join(map(str, row['shape']))}</td>"
    for mode in ("direct", "resample"):
        for key, write in _COLUMNS.values():
            shown = write(row[mode][key]) if key in row[mode] else "-"
            cells += f'<td class="{mode}">{shown}</td>'
    return f"<tr{loses}>{cells}</tr>"


def _configuration(run: Run) -> str:
    shown = {
        "model": run.model,
        "options": asdict(run.options),
        "training": asdict(run.training),
        "data": run.data,
        "samples": run.samples,
        "normalisation": asdict(run.normalisation),
        "versions": run.versions,
    }
    return json.dumps(shown, indent=1)


def _text(lines: str) -> str:
    return f"<pre>{html.escape(lines)}</pre>"


def _blocks(text: str) -> Iterator[str]:
    """Show blocks of a text, separated by empty lines: tables keep their columns, sentences flow."""
    for block in text.split("\n\n"):
        shown = html.escape(block.strip("\n"))
        columns = block.lstrip().startswith("model  ")
        yield f'<pre class="scroll" tabindex="0">{shown}</pre>' if columns else f"<p>{shown}</p>"


def _scrolling(wide: str) -> str:
    """Put wide content into a box that scrolls, also by keyboard."""
    return f'<div class="scroll" tabindex="0">{wide}</div>'


def _image(figure: Figure, description: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=140)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width = round(figure.get_figwidth() * _PIXELS_AN_INCH)
    return _scrolling(f'<img alt="{html.escape(description)}" width="{width}" src="data:image/png;base64,{data}">')
