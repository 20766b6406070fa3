"""`manojax export`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from pde.grids.grid import Grid
from pde.surrogates.export import export_run
from pde.surrogates.surrogate import Mode


@dataclass(frozen=True)
class Export:
    """The flags of `manojax export`."""

    run_folder: Positional[Path]
    """Folder of the training run."""
    out: Positional[Path]
    """Folder to create."""
    resolution: int | None = None
    """Number of points along axis 1, on the training grid's domain; by default the number of that grid."""
    mode: Mode = "auto"
    """direct runs the operator on that grid; resample runs it on the training grid and interpolates; auto chooses
    as `manojax predict` does."""
    symmetries: FlagCreatePairsOff[bool] = False
    """Average each prediction over the flips and transposes that the run was trained under, as far as the grid has
    them."""

    def run(self) -> None:
        exported = export_run(
            self.run_folder, self.out, resolution=self.resolution, mode=self.mode, symmetric=self.symmetries
        )
        grid, platforms = Grid.from_json(exported["grid"]), ", ".join(exported["platforms"])
        print(f"{self.out}: {exported['model']} at {grid}, {exported['mode']}, for {platforms}")
