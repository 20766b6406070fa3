"""The devices that share a batch."""

from collections.abc import Sequence
from typing import Any

import jax

AXIS = "data"
"""Of the mesh that they form."""


def sharing(samples: int) -> Sequence[Any]:
    """As many of this machine's devices as divide so many samples evenly."""
    devices = jax.local_devices()
    most = max(count for count in range(1, len(devices) + 1) if samples % count == 0)
    return devices[:most]
