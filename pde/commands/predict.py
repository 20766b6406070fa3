"""`manojax predict`."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde.commands.source import Source, SourceFlags
from pde.surrogates.exported import load_exported
from pde.surrogates.predict_file import Predicted, predict, predict_exported
from pde.surrogates.surrogate import Mode, load
from pde.system.errors import InputError


@dataclass(frozen=True)
class Predict:
    """The flags of `manojax predict`."""

    run_folder: Positional[Path]
    """Folder of the training run, or with --exported a folder that `manojax export` wrote."""
    data: Positional[Path]
    """Data file with the inputs; it needs no solutions."""
    out: Positional[Path]
    """HDF5 file to write."""
    mode: Mode = "auto"
    """direct runs the operator on the file's grid; resample runs it on the training grid and interpolates; auto
    chooses direct on the training grid, on a finer grid the mode that did better in training's own validation
    there, and otherwise resample."""
    polish: float | None = None
    """Improve predictions by conjugate gradients until the relative residual of -div(a grad u) = 1 is this small,
    such as 1e-6. The residual of every sample is written as well."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Average each prediction over the flips and transposes that the run was trained under, as far as the grid has
    them. The average is more accurate, and takes up to eight times as long."""
    exported: FlagCreatePairsOff[bool] = False
    """Run the exported program in the folder, on the grid that it was exported for. --mode and --symmetries were
    chosen at the export."""
    source: SourceFlags = field(default_factory=Source)

    def run(self) -> None:
        predicted = self._by_exported() if self.exported else self._by_run()
        if self.polish is not None:
            print(
                f"polished to a relative residual of {self.polish:g} in {predicted.iterations:.1f} iterations a "
                f"sample; from zero the first takes {predicted.cold}"
            )

    def _by_run(self) -> Predicted:
        surrogate = load(self.run_folder, symmetric=self.symmetries)
        data = self.source.open(self.data, surrogate.run.view.inputs)
        predicted = predict(surrogate, data, self.out, self.mode, self.polish)
        print(f"{self.out}: predicted by {surrogate.run.model}, {predicted.mode}")
        return predicted

    def _by_exported(self) -> Predicted:
        if self.mode != "auto" or self.symmetries:
            flag = "--symmetries" if self.symmetries else f"--mode {self.mode}"
            raise InputError(f"{flag}: an exported model predicts as it was exported to; leave the flag out")
        exported = load_exported(self.run_folder)
        data = self.source.open(self.data, tuple(exported.config["inputs"]))
        predicted = predict_exported(exported, data, self.out, self.polish)
        print(f"{self.out}: predicted by {exported.config['model']} as exported, {predicted.mode}")
        return predicted
