"""Everything is strict: shapes are checked, dtypes and ranks never promoted, warnings errors, devices several."""

import os
import tempfile
from pathlib import Path

# Most of the time goes into compiling programs that run once, for a moment, and the same ones again: all workers,
# and processes that tests start, share what is compiled.
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _compiled = tempfile.TemporaryDirectory()
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _compiled.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"

import jax
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_default_matmul_precision", "highest")

# Before the packages are imported, here and nowhere else: the hook checks every shape annotation.
install_import_hook(("manojax", "pde"), "beartype.beartype")


LONG = (
    "test_devices",
    "test_faults",
    "test_registry",
    "test_documents",
    "test_pasted",
    "test_sharding",
    "test_notebooks",
    "test_train",
    "test_published",
    "test_coarse_channels",
    "test_poisson",
    "test_as_shipped",
)
"""Files of minutes. They begin first, so that at the end no worker waits for another."""


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="module", autouse=True)
def _forget_programs():
    """Every compiled program takes some maps of a process's memory, of which Linux allows 65530."""
    yield
    maps = Path("/proc/self/maps")
    if maps.exists() and len(maps.read_text().splitlines()) > 15000:
        jax.clear_caches()


@pytest.fixture(scope="session")
def darcy_file(tmp_path_factory):
    """Twenty Darcy samples on 17 x 17 nodes."""
    from pde.data.generate import generate
    from pde.equations.darcy.problem import Darcy

    path = tmp_path_factory.mktemp("data") / "darcy.h5"
    generate(Darcy(resolution=17), path, samples=20, seed=0)
    return path


@pytest.fixture(scope="session")
def undisturbed(darcy_file, tmp_path_factory):
    """The folder of a run that nothing has interrupted."""
    from tests.small_runs import start

    return start(darcy_file, tmp_path_factory.mktemp("runs") / "undisturbed")


@pytest.fixture(scope="session")
def under_symmetries(darcy_file, tmp_path_factory):
    """The same under all eight symmetries."""
    from tests.small_runs import start

    return start(darcy_file, tmp_path_factory.mktemp("runs") / "under-symmetries", symmetries="all")


@pytest.fixture(scope="session")
def folder(darcy_file, tmp_path_factory):
    """A folder with `run`, which the command line has trained."""
    from pde.cli import main
    from tests.command_line import TINY

    out = tmp_path_factory.mktemp("cli")
    assert main(["train", str(darcy_file), "--model", "fno", "--out", str(out / "run"), *TINY]) == 0
    return out
