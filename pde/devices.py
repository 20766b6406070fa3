"""The devices that share the work of a step."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from manojax.space import Space
from pde.errors import InputError

DATA, SPACE = "data", "space"
"""Axes of the mesh that they form: along one they divide the samples of a batch, along the other the grid."""


@dataclass(frozen=True)
class Division:
    """So many devices along each axis."""

    data: int
    space: int = 1

    @classmethod
    def parse(cls, text: str) -> "Division":
        """From `data=4,space=2`.

        Raises:
            InputError: anything else.
        """
        try:
            pairs = [pair.split("=") for pair in text.split(",")]
            counts = {name: int(count) for name, count in pairs}
        except ValueError:
            counts = {}
        if not counts or len(counts) < text.count("=") or min(counts.values()) < 1 or set(counts) - {DATA, SPACE}:
            raise InputError(f"--mesh {text} must name devices along data, space or both, such as data=4,space=2")
        return cls(counts.get(DATA, 1), counts.get(SPACE, 1))


def training_mesh(samples: int, division: Division | None) -> Mesh:
    """The mesh of the devices that share batches, of so many samples: as asked for, or as many devices as divide
    them, which must be all where there are several processes.

    Raises:
        InputError: the devices or the samples cannot be divided so.
    """
    devices = jax.devices()
    if division is None:
        division = Division(max(n for n in range(1, len(devices) + 1) if samples % n == 0))
        asked = f"{len(devices)} devices in {jax.process_count()} processes"
    else:
        asked = f"--mesh data={division.data},space={division.space}"
    count = division.data * division.space
    if count > len(devices):
        raise InputError(f"{asked}: there are {len(devices)} devices, not {count}; ask for fewer")
    if samples % division.data:
        raise InputError(
            f"{asked}: {samples} samples cannot be divided over {division.data} devices; choose another "
            "--batch-size"
        )
    if count < len(devices) and jax.process_count() > 1:
        raise InputError(
            f"{asked}: all {len(devices)} must share the work; choose a --batch-size that is a multiple of that, "
            "or another --mesh"
        )
    return Mesh(np.array(devices[:count]).reshape(division.data, division.space), (DATA, SPACE))


def here(params: Any) -> Any:
    """What every device has, on one of this process."""
    return jax.tree.map(lambda leaf: leaf.addressable_data(0), params)


def space_of(mesh: Mesh) -> Space | None:
    """Over which the grid is split, if it is."""
    return Space(SPACE) if mesh.shape[SPACE] > 1 else None
