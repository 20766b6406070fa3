"""The devices that share the work of a step."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from manojax.layers.halo import Space
from pde.system.errors import InputError

DATA, SPACE = "data", "space"
"""Axes of the mesh of devices: the first divides the samples of a batch, the second the grid."""


@dataclass(frozen=True)
class Division:
    """The division of the work among devices."""

    data: int | None = None
    """Devices that share a batch; by default the largest number that divides it."""
    space: int = 1
    """Devices that share the grid."""
    optimiser: bool = False
    """True if each device along data keeps a share of the optimiser's state (ZeRO-1)."""

    @classmethod
    def parse(cls, text: str) -> "Division":
        """Read a division from `data=4,space=2`, either or both.

        Raises:
            InputError: another text.
        """
        try:
            pairs = [pair.split("=") for pair in text.split(",")]
            counts = {name: int(count) for name, count in pairs}
        except ValueError:
            counts = {}
        if not counts or len(counts) < text.count("=") or min(counts.values()) < 1 or set(counts) - {DATA, SPACE}:
            raise InputError(f"--mesh {text} must name devices along data, space or both, such as data=4,space=2")
        return cls(counts.get(DATA), counts.get(SPACE, 1))


DEFAULT = Division()


def training_mesh(samples: int, division: Division) -> Mesh:
    """Make the mesh of the devices that share batches of `samples` samples; with several processes, of all their
    devices.

    Raises:
        InputError: the division does not fit the devices or the samples.
    """
    devices, space = jax.devices(), division.space
    data = division.data
    if data is None:
        data = max((n for n in range(1, len(devices) // space + 1) if samples % n == 0), default=1)
    asked, count = f"--mesh data={data},space={space}", data * space
    if count > len(devices):
        raise InputError(f"{asked}: there are {len(devices)} devices, not {count}; ask for fewer")
    if samples % data:
        raise InputError(
            f"{asked}: {samples} samples cannot be divided over {data} devices; choose another --batch-size"
        )
    if count < len(devices) and jax.process_count() > 1:
        raise InputError(
            f"{asked}: all {len(devices)} devices of the processes must share the work; choose a --batch-size "
            "that is a multiple of that, or another --mesh"
        )
    return Mesh(np.array(devices[:count]).reshape(data, space), (DATA, SPACE))


def placing(state: tuple[Any, Any], mesh: Mesh, division: Division) -> tuple[Any, Any]:
    """Place parameters and the optimiser's state: both whole on every device or, with ZeRO-1, each array of the
    state divided along its first axis whose length the number of devices divides.

    Source: Rajbhandari et al., ZeRO, arXiv 1910.02054, section 5.1.
    """
    devices = mesh.shape[DATA]

    def share(leaf: Any) -> NamedSharding:
        divided = [n > 0 and n % devices == 0 for n in leaf.shape]
        first = divided.index(True) if division.optimiser and True in divided else None
        return NamedSharding(mesh, PartitionSpec() if first is None else PartitionSpec(*[None] * first, DATA))

    whole = jax.tree.map(lambda _: NamedSharding(mesh, PartitionSpec()), state[0])
    return whole, jax.tree.map(share, state[1])


def here(params: Any, mesh: Mesh) -> Any:
    """Copy parameters to one device of this process."""
    everywhere = jax.device_put(params, NamedSharding(mesh, PartitionSpec()))
    return jax.tree.map(lambda leaf: leaf.addressable_data(0), everywhere)


def space_of(mesh: Mesh) -> Space | None:
    """Return the axis over which the grid is split, or None."""
    return Space(SPACE) if mesh.shape[SPACE] > 1 else None
