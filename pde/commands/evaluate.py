"""`manojax evaluate`."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde import plots
from pde.commands.source import Source, refuse_repeated
from pde.evaluation.baselines import errors_by_scheme
from pde.evaluation.evaluate import evaluate_together
from pde.evaluation.figures import finest_sample, worst_samples
from pde.reports.text import details, left_out, table
from pde.surrogates.surrogate import load
from pde.system.files import refuse_unwritable, write_text


@dataclass(frozen=True)
class Evaluate:
    """Errors of a trained operator on several grids, beside the resample baseline and coarse solves."""

    run_folder: Positional[Path]
    """Run folder."""
    test: Positional[Path]
    """Data file with solutions."""
    resolutions: tuple[int, ...] = ()
    """Points along axis 1 of each grid; by default the training grid, 2x and 4x, where the file has them. The
    file's own grid adds residuals."""
    json: Path | None = None
    """Write all numbers to this file, and plots beside it: errors, one sample, the worst samples."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Predict by the mean over the flips and transposes that the run was trained under, up to eight, as far as a
    grid has them: more accurate, and as many times slower."""
    source: Source = field(default_factory=Source)

    def run(self) -> None:
        refuse_repeated(self.resolutions)
        if self.json is not None:
            refuse_unwritable(self.json)
        surrogate = load(self.run_folder, symmetric=self.symmetries)
        data = self.source.open(self.test, surrogate.run.view.inputs)
        evaluation = evaluate_together([surrogate], data, self.resolutions or None)
        [report], coarse = evaluation.reports, evaluation.coarse
        for sentence in left_out(report):
            print(f"manojax: {sentence}", file=sys.stderr)
        print(f"{table([report], coarse)}\n\n{details([report], coarse)}")
        if self.json is not None:
            write_text(self.json, json.dumps(report | {"coarse": coarse}, indent=1) + "\n")
            finest = max(row["resolution"] for row in report["rows"])
            figures = {
                "errors": plots.errors_by_grid([report], errors_by_scheme(coarse)),
                "sample": plots.sample_fields(*finest_sample([surrogate], data, finest)),
                "worst": plots.worst_samples(*worst_samples(surrogate, data, report), name=data.inputs[0]),
            }
            for name, figure in figures.items():
                plots.save(figure, self.json.with_name(f"{self.json.stem}-{name}.png"))
