"""Samples of a data file whose fields are read once, for every predictor and every stride."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pde.data.data_file import DataFile

Field = Float[np.ndarray, " sample *grid"]


@dataclass(frozen=True)
class Block:
    """Consecutive samples of a file, on the file's own grid."""

    data: DataFile
    samples: slice
    fields: Mapping[str, Field]
    """Fields by the names of their data sets."""

    @classmethod
    def read(cls, data: DataFile, samples: slice, names: Iterable[str]) -> "Block":
        """Read fields of some samples.

        Raises:
            InputError: no such field, a value that is not finite, or data that cannot be read.
        """
        return cls(data, samples, {name: data.read(name, samples) for name in names})

    def first(self, samples: int) -> "Block":
        """Return a copy of the first samples."""
        start, stop, _ = self.samples.indices(self.data.samples)
        kept = slice(start, min(start + samples, stop))
        return Block(self.data, kept, {name: field[:samples].copy() for name, field in self.fields.items()})

    def named(self, names: Sequence[str]) -> list[Field]:
        """Return the fields of the given names, in the given order."""
        return [self.fields[name] for name in names]

    def channels(self, names: Sequence[str], stride: int = 1) -> Float[np.ndarray, "sample *_ channel"]:
        """Return the fields of the given names on a stride of the grid, one channel each."""
        return np.stack([field[:, *self.data.grid.every(stride)] for field in self.named(names)], axis=-1)

    def outputs(self, stride: int) -> Float[np.ndarray, "sample *_ output"]:
        """Return the outputs on a stride of the grid.

        Raises:
            InputError: an output that `DataFile.check_outputs` refuses.
        """
        outputs = self.channels(self.data.output_names, stride)
        self.data.check_outputs(outputs, self.samples, stride)
        return outputs
