"""One self-contained HTML page: errors, plots, configuration, versions, times."""

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pde import plots
from pde.coarse_baseline import errors_by_scheme
from pde.files import write_text
from pde.runs import Run
from pde.tables import details, table

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap }
th { border-bottom: 1px solid #888; font-weight: 600 } td:first-child, th:first-child { text-align: left }
tr.loses td.direct { color: #a33 } img { max-width: 100%; height: auto }
pre { background: #f5f5f5; padding: .8rem; overflow: auto }
"""


@dataclass(frozen=True)
class Report:
    """What the page shows."""

    reports: Sequence[Mapping[str, Any]]
    """From `pde.evaluation.evaluate`, one a model."""
    coarse: Mapping[str, Any]
    """From `pde.coarse_baseline.coarse_baseline` on the same grids."""
    fields: tuple[Any, ...]
    """Arguments of `pde.plots.sample_fields`."""
    histories: Mapping[str, Sequence[Mapping[str, Any]]]
    generated: Mapping[str, Any]
    """What the data are."""
    runs: Sequence[Run]
    seconds: Mapping[str, float]


def write_report(path: Path, report: Report) -> None:
    """Write the page, whole or not at all."""
    trained = report.reports[0]["train_resolution"]
    samples = report.reports[0]["samples"]
    sections = [
        "<h1>Darcy flow: operators on grids they never saw</h1>",
        f"<p>Trained on {trained} x {trained} points, evaluated with the same weights on finer grids: means over "
        f"{samples} test samples of relative L2, relative MSE (the mean of squares) and relative H1. "
        "<b>Direct</b> gives the model the coefficient on the grid itself. <b>Resample</b> strides it to the "
        "training grid, predicts there and interpolates by cubic splines: the plain baseline that a zero-shot "
        "claim must beat. Direct errors in red lose to it. <b>Coarse solve</b> solves the equation again on "
        "the strided coefficient, or on faces upscaled from the fine one, without any training.</p>",
        _error_table(report),
        _image(
            plots.errors_by_grid(report.reports, errors_by_scheme(report.coarse)), "relative L2 by points a side"
        ),
        "<h2>The same with intervals, times and coarse solves</h2>",
        f"<pre>{html.escape(table(report.reports, report.coarse))}</pre>",
        f"<pre>{html.escape(details(report.reports, report.coarse))}</pre>",
        "<h2>One test sample on the finest grid</h2>",
        _image(plots.sample_fields(*report.fields), "coefficient, solution, predictions and their errors"),
        "<h2>Learning curves</h2>",
        _image(plots.learning_curves(report.histories), "error against epoch"),
        "<h2>Wall times</h2>",
        "<p>" + ", ".join(f"{name}: {value:.0f} s" for name, value in report.seconds.items()) + "</p>",
        "<h2>Configuration and versions</h2>",
        f"<pre>{html.escape(json.dumps(report.generated, indent=1))}</pre>",
        *(f"<pre>{html.escape(_configuration(run))}</pre>" for run in report.runs),
    ]
    head = f'<meta charset="utf-8"><title>manojax report</title><style>{_STYLE}</style>'
    body = "\n".join(sections)
    write_text(path, f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n')


def _error_table(report: Report) -> str:
    rows = [
        "<tr><th>model</th><th>parameters</th><th>grid</th><th>direct L2</th><th>direct MSE</th><th>direct H1</th>"
        "<th>resample L2</th><th>resample MSE</th><th>resample H1</th></tr>"
    ]
    for model in report.reports:
        for row in model["rows"]:
            direct, resample = row["direct"], row["resample"]
            loses = ' class="loses"' if direct["relative_l2"] > resample["relative_l2"] else ""
            cells = "".join(
                f'<td class="{mode}">{errors["relative_l2"]:.4f}</td><td class="{mode}">'
                f'{errors["relative_mse"]:.2e}</td><td class="{mode}">{errors["relative_h1"]:.4f}</td>'
                for mode, errors in (("direct", direct), ("resample", resample))
            )
            grid = "{} x {}".format(*row["shape"])
            rows.append(
                f"<tr{loses}><td>{model['model'].upper()}</td><td>{model['parameters']:,}</td><td>{grid}</td>{cells}</tr>"
            )
    return f"<table>{''.join(rows)}</table>"


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


def _image(figure: Figure, description: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=140)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<p><img alt="{html.escape(description)}" src="data:image/png;base64,{data}"></p>'
