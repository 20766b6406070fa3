"""Compiled programs that later commands find again, in the user's cache folder."""

import contextlib
import hashlib
import os
import platform
import warnings
from pathlib import Path

import jax

from pde.system.machine import cpu_lines

_MOST_BYTES = 2**30  # beyond it JAX removes the programs that were used longest ago


def keep_programs() -> None:
    """Let JAX keep every compiled program for later processes, which then compute the same bits.

    The programs lie in `manojax/programs` below `XDG_CACHE_HOME` or `~/.cache`, apart for every kind of processor,
    because a program for one CPU may crash on another. Without effect where that folder cannot be written, where
    the user has given JAX a folder (`JAX_COMPILATION_CACHE_DIR`), and with `MANOJAX_CACHE=off`.
    """
    if os.environ.get("MANOJAX_CACHE") == "off" or jax.config.jax_compilation_cache_dir is not None:
        return
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home folder
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = caches / "manojax" / "programs" / _kind()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_compilation_cache_max_size", _MOST_BYTES)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        # A disk may fill up: the program is then compiled, and the next command compiles it again.
        warnings.filterwarnings("ignore", message=".*persistent compilation cache", category=UserWarning)


def _kind() -> str:
    """Return a digest of all that the system says of the processor's instructions."""
    said = sorted(set(cpu_lines("model name", "flags", "Features", "CPU part")))
    known = "\n".join([platform.machine(), platform.processor(), *said])
    return hashlib.sha256(known.encode()).hexdigest()[:16]
