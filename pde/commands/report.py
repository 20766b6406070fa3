"""`manojax report`."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Positional

from pde.commands.source import Source, SourceFlags, refuse_repeated
from pde.reports.html import Report, Tested, write_report
from pde.reports.info import describe
from pde.reports.text import left_out
from pde.runs.build import title_of
from pde.runs.run import Run, history
from pde.surrogates.surrogate import load
from pde.system.errors import InputError
from pde.system.files import refuse_unwritable


@dataclass(frozen=True)
class WriteReport:
    """The flags of `manojax report`."""

    run_folder: Positional[Path]
    """Folder of the training run."""
    test: Positional[Path | None] = None
    """Data file with solutions, for tables and plots of the errors."""
    out: Path | None = None
    """HTML file to write; by default report.html in the run folder."""
    resolutions: tuple[int, ...] = ()
    """Grids to evaluate on, each given by its number of points along axis 1, as for `manojax evaluate`."""
    source: SourceFlags = field(default_factory=Source)

    def run(self) -> None:
        out = self.out or self.run_folder / "report.html"
        run = Run.open(self.run_folder)
        refuse_unwritable(out)
        title = f"{self.run_folder.resolve().name}: {title_of(run.model)} trained on {run.data}"
        histories = {run.model: history(self.run_folder)}
        write_report(out, Report(title, [run], histories, self._tested(), describe(self.run_folder)))
        print(out)

    def _tested(self) -> Tested | None:
        if self.test is None:
            if self.resolutions or self.source != Source():
                raise InputError(
                    "--resolutions, --boundary and --domain belong to a test file; name one after the run"
                )
            return None
        refuse_repeated(self.resolutions)
        surrogate = load(self.run_folder)
        data = self.source.open(self.test, surrogate.run.view.inputs, surrogate.run.output_names)
        tested = Tested.on([surrogate], data, self.resolutions or None, worst=True)
        for sentence in left_out(tested.reports[0]):
            print(f"manojax: {sentence}", file=sys.stderr)
        return tested
