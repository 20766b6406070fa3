"""`manojax evaluate`."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde import plots
from pde.commands.source import Source, SourceFlags, refuse_repeated
from pde.evaluation.baselines import errors_by_scheme
from pde.evaluation.breakeven import breakeven
from pde.evaluation.evaluate import evaluate_together
from pde.evaluation.figures import finest_sample, worst_samples
from pde.reports.breakeven import sentences
from pde.reports.figures import sample_figure, worst_figure
from pde.reports.text import details, left_out, table
from pde.surrogates.surrogate import load
from pde.system.files import refuse_unwritable, write_text


@dataclass(frozen=True)
class Evaluate:
    """The flags of `manojax evaluate`."""

    run_folder: Positional[Path]
    """Folder of the training run."""
    test: Positional[Path]
    """Data file with solutions."""
    resolutions: tuple[int, ...] = ()
    """Grids to evaluate on, each given by its number of points along axis 1; by default the training grid and the
    grids twice and four times as fine, where the file has them. The file's own grid gives residuals as well."""
    json: Path | None = None
    """JSON file to write all numbers to; plots of the errors, of one sample and of the worst ones go beside it."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Average each prediction over the flips and transposes that the run was trained under, as far as the grid has
    them. The average is more accurate, and takes up to eight times as long."""
    breakeven: FlagCreatePairsOff[bool] = False
    """Print the number of predictions after which generating the data and training have paid off, against the
    cheapest coarse solve that is as accurate."""
    source: SourceFlags = field(default_factory=Source)

    def run(self) -> None:
        refuse_repeated(self.resolutions)
        if self.json is not None:
            refuse_unwritable(self.json)
        surrogate = load(self.run_folder, symmetric=self.symmetries)
        data = self.source.open(self.test, surrogate.run.view.inputs, surrogate.run.output_names)
        pays_off = breakeven(surrogate, data) if self.breakeven else None
        evaluation = evaluate_together([surrogate], data, self.resolutions or None)
        [report], coarse = evaluation.reports, evaluation.coarse
        for sentence in left_out(report):
            print(f"manojax: {sentence}", file=sys.stderr)
        print(f"{table([report], coarse)}\n\n{details([report], coarse)}")
        if pays_off is not None:
            print(f"\n{sentences(pays_off)}")
        if self.json is not None:
            more = {"coarse": coarse} | ({} if pays_off is None else {"breakeven": pays_off.to_json()})
            write_text(self.json, json.dumps(report | more, indent=1) + "\n")
            finest = max(row["resolution"] for row in report["rows"])
            figures = {"errors": plots.errors_by_grid([report], errors_by_scheme(coarse))}
            several = len(data.quantities) > 1
            for one in finest_sample([surrogate], data, finest):
                figures[f"sample-{one.name}" if several else "sample"] = sample_figure(one)
            for worst in worst_samples(surrogate, data, report):
                figures[f"worst-{worst.name}" if several else "worst"] = worst_figure(worst)
            for name, figure in figures.items():
                plots.save(figure, self.json.with_name(f"{self.json.stem}-{name}.png"))
