"""All that a GPU is needed for, in one command of at most nine minutes that needs no network.

    python -m benchmarks.speed.gpu FOLDER [--small] [--sections tests solver steps published] [--minutes 9]

FOLDER receives data and runs, `gpu.json`, written anew after each section, and `gpu.md`, a page of the same
figures. Each section has a process of its own and a part of the minutes; one that fails or takes too long is
recorded with the end of its output, and the next begins. `--small` is a short form for any machine.

- tests: those that need an accelerator, then those of layers, operators and solvers.
- solver: two-phase 12/3 coefficients on 421 x 421 nodes to a relative residual of 1e-8, 1024 samples, as many at
  once as `manojax generate` takes; in double precision, and in single precision with a double residual. The
  fraction of bandwidth is that of the bytes that XLA counts for the iterations. Aim: 1024 samples in 3 seconds.
- steps: training steps of FNO, MANO and FMA in float32 and bfloat16, batch 8 at 85 x 85, in a compiled loop, with
  XLA's count of memory; beside them neuraloperator's FNO of the same size, where PyTorch and neuraloperator are
  installed.
- published: `benchmarks.published.darcy_85` with MANO, for as many epochs as fit.

Found: not run on a GPU yet.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.pages.gpu import page
from benchmarks.programs import counted, median, product_rate, solver_iteration, training_step
from benchmarks.record import ROOT, again, command_line, write
from pde.equations.darcy.problem import Darcy
from pde.solvers.elliptic import solve
from pde.solvers.side_by_side import batch_size
from pde.system.files import write_text

SHARES = {"tests": 0.25, "solver": 0.15, "steps": 0.25, "published": 0.35}
"""Parts of the minutes."""
LAST_LINES = 20
MODELS = "fno", "mano", "fma"
TYPES = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}


def tests(folder: Path, small: bool, seconds: float) -> dict[str, Any]:
    paths = ["tests/test_accelerator.py"]
    if not small:
        paths += ["tests/layers", "tests/operators", "tests/solvers"]
    options = ["-q", "-o", "addopts=", "-p", "no:cacheprovider", "-m", "not slow"]
    command = [sys.executable, "-m", "pytest", *options, *paths]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=0.9 * seconds, check=False)
        printed, passed = done.stdout, done.returncode == 0
    except subprocess.TimeoutExpired as stopped:
        printed, passed = stopped.stdout or b"", None
    return {"passed": passed, "output": printed.decode().splitlines()[-LAST_LINES:]}


def solver(folder: Path, small: bool, seconds: float) -> dict[str, Any]:
    side, samples = (33, 8) if small else (421, 1024)
    at_once = min(samples, batch_size(side**2))
    fields = np.stack([each["coefficient"] for each in Darcy(resolution=side).samples(0, range(at_once))])
    found: dict[str, Any] = {
        "side": side,
        "samples": samples,
        "at once": at_once,
        "bytes a second": bandwidth(small),
    }
    with jax.enable_x64(True):
        batch = jnp.asarray(fields)
        program, _ = solver_iteration(batch[0])
        for precision in ("double", "single"):

            def one(a: jax.Array, precision: Any = precision) -> tuple[jax.Array, ...]:
                options = {"spacing": (1.0, 1.0), "tolerance": 1e-8, "precision": precision}
                return solve(a, jnp.ones_like(a), **options)[:3]

            together = jax.jit(jax.vmap(one))
            taken = samples / at_once * median(lambda together=together: together(batch), 5)
            _, residual, iterations = together(batch)
            found[precision] = {
                "seconds": taken,
                "iterations": float(iterations.mean()),
                "residual": float(residual.max()),
            }
        moved = counted(program)["bytes"] * found["double"]["iterations"] * samples
    found["fraction of bandwidth"] = moved / found["double"]["seconds"] / found["bytes a second"]
    return found


def bandwidth(small: bool) -> float:
    """Return bytes a second, read and written, of a pass over an array of 1 GB."""
    array = jnp.zeros(10**6 if small else 25 * 10**7)
    add = jax.jit(lambda array: array + 1)
    return 2 * array.nbytes / median(lambda: add(array), 5)


def steps(folder: Path, small: bool, seconds: float) -> dict[str, Any]:
    side, batch, taken = (17, 2, 2) if small else (85, 8, 50)
    rows = []
    for name in MODELS:
        for dtype, kind in TYPES.items():
            params, _, loop = training_step(name, side, batch, taken, kind)
            program = loop.lower(params).compile()
            row = {"model": name, "type": dtype, "bytes": program.memory_analysis().temp_size_in_bytes}
            row["seconds"] = median(lambda program=program, params=params: program(params), 5) / taken
            rows.append(row)
    products = {dtype: product_rate(5, kind, 256 if small else 8192) for dtype, kind in TYPES.items()}
    peer = neuraloperator(side, batch, taken)
    return {"side": side, "batch": batch, "rows": rows, "operations a second": products, "neuraloperator": peer}


def neuraloperator(side: int, batch: int, taken: int) -> dict[str, Any] | str:
    """Measure a step of neuraloperator's FNO, or say why not."""
    try:
        torch, models = (importlib.import_module(name) for name in ("torch", "neuralop.models"))
    except ImportError as error:
        return f"not measured: {error}"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = models.FNO(n_modes=(23, 23), hidden_channels=32, in_channels=1, out_channels=1, n_layers=4).to(device)
    fields = torch.randn(batch, 1, side, side, device=device)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def train() -> None:
        for _ in range(taken):
            optimizer.zero_grad()
            ((model(fields) - fields) ** 2).mean().backward()
            optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    memory = torch.cuda.max_memory_allocated() if device == "cuda" else None
    return {"device": device, "torch": torch.__version__, "seconds": median(train, 5) / taken, "bytes": memory}


def published(folder: Path, small: bool, seconds: float) -> dict[str, Any]:
    started = time.perf_counter()
    if small:
        return setting(folder, 1, "--small")
    one, three = (setting(folder, epochs)["training_seconds"] for epochs in (1, 3))
    left = 0.8 * (seconds - (time.perf_counter() - started)) - one
    return setting(folder, max(4, int(2 * left / (three - one))))


def setting(folder: Path, epochs: int, *options: str) -> dict[str, Any]:
    """Train MANO in the published setting for some epochs, and evaluate it."""
    command = ["-m", "benchmarks.published.darcy_85", "--model", "mano", "--folder", str(folder), *options]
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(folder / "programs")}
    subprocess.run([sys.executable, *command, "--epochs", str(epochs)], env=environment, cwd=ROOT, check=True)
    (results,) = folder.glob(f"*darcy_85-mano-seed-0-epochs-{epochs}-*.json")
    return json.loads(results.read_text(encoding="utf-8"))


SECTIONS: dict[str, Callable[[Path, bool, float], dict[str, Any]]] = {
    "tests": tests,
    "solver": solver,
    "steps": steps,
    "published": published,
}


def in_a_process(name: str, folder: Path, small: bool, seconds: float) -> dict[str, Any]:
    """Run a section with a process and a time limit of its own."""
    out = folder / f"{name}.json"
    out.unlink(missing_ok=True)
    command = [*again(), str(folder), "--section", name, "--seconds", str(seconds), *["--small"] * small]
    environment = os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            printed, _ = process.communicate()
    if out.exists():
        return json.loads(out.read_text(encoding="utf-8"))
    return {"failed": f"no result within {seconds:.0f} s", "output": printed.splitlines()[-LAST_LINES:]}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--section", choices=SECTIONS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder, small = arguments.folder, arguments.small
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.section:
        found = SECTIONS[arguments.section](folder, small, arguments.seconds)
        write_text(folder / f"{arguments.section}.json", json.dumps(found, indent=1) + "\n")
        return
    found: dict[str, Any] = {"device": device()}
    for name in arguments.sections:
        started = time.perf_counter()
        found[name] = in_a_process(name, folder, small, 60 * arguments.minutes * SHARES[name])
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
        write(folder / "gpu.json", found)
        write_text(folder / "gpu.md", page(json.loads((folder / "gpu.json").read_text(encoding="utf-8"))))
    print((folder / "gpu.md").read_text(encoding="utf-8"))


def device() -> str:
    """Return the name of the accelerator, from a process of its own, since JAX keeps a GPU's memory."""
    command = [sys.executable, "-c", "import jax; print(jax.devices()[0].device_kind)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
