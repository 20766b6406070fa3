"""Versions of the packages that made a result."""

import platform
from importlib.metadata import version


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    packages = ("manojax", "jax", "flax", "optax", "orbax-checkpoint", "numpy", "scipy", "h5py")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
