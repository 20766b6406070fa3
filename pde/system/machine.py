"""The cores and the processor that computations of this process run on."""

import functools
import os
import platform
from pathlib import Path

import jax


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def processor() -> str:
    """Return the name of the processor or accelerator that JAX computes on."""
    device = jax.local_devices()[0]
    return device.device_kind if device.platform != "cpu" else _cpu()


def _cpu() -> str:
    """Return the name of the CPU: on Linux the model, which `platform` does not know."""
    models = (line.partition(":")[2].strip() for line in cpu_lines("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def cpu_lines(*starts: str) -> list[str]:
    """Return the lines that begin so of what Linux says of the CPU; none on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [line for line in lines if line.startswith(starts)]
