"""`manojax export`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde.surrogates.export import export_run
from pde.surrogates.surrogate import Mode


@dataclass(frozen=True)
class Export:
    """Write a trained operator as a program for one grid that runs without this package, with a model card."""

    run_folder: Positional[Path]
    """Run folder."""
    out: Positional[Path]
    """Folder to create."""
    resolution: int | None = None
    """Points along axis 1, on the domain of the training grid; by default the training grid."""
    mode: Mode = "auto"
    """direct: run on that grid; resample: on the training grid, interpolated; auto: as manojax predict."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Predict by the mean over the flips and transposes that the run was trained under, as far as the grid has
    them."""

    def run(self) -> None:
        exported = export_run(
            self.run_folder, self.out, resolution=self.resolution, mode=self.mode, symmetric=self.symmetries
        )
        height, width = (len(exported["grid"][axis]) for axis in ("x", "y"))
        platforms = ", ".join(exported["platforms"])
        print(f"{self.out}: {exported['model']} at {height} x {width}, {exported['mode']}, for {platforms}")
