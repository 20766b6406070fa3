"""Learned coarse equations beside the upscaled solve that they correct: errors, times and other laws.

    python -m benchmarks.accuracy.learned FOLDER [--data TRAIN.h5 --test TEST.h5] [--resolutions 31]
        [--model unet --options '{"width": 16, "levels": 1, "depth": 1}'] [--epochs 120] [--seeds 0 1 2]
        [--informed learned] [--laws 24/3 log-normal-6] [--json FILE]

Two-phase Darcy flow, 12/3, on 421 x 421 nodes; without --data it is generated first. A network is trained for each
seed as `manojax train --informed learned --symmetries all --validation none` does, or with `learned-corrected`,
on the grids of --resolutions, and measured on all grids of --grids with the same weights. FOLDER keeps data and
runs: a second call goes on where the first was interrupted.

Relative L2 is a mean over the test samples; ratios are those of these means. Times are of one sample, NumPy in and
out, upscaling from 421 x 421 nodes on both sides, one compiled program each, called in turn; the ratio is that of
the medians.

On all 421 x 421 nodes the solution on the first grid trained on is carried by splines and over-relaxation
(`pde.solvers.relaxation`), the upscaled solve's too, beside the fine multigrid stopped early.

`constant` are errors of the coarse scheme for a constant coefficient, which no correction of conductances mends.

Laws are those of `benchmarks.accuracy.laws`, with 30 samples each, on the first grid trained on. Another network,
of the first seed, is trained on 1000 samples of `manojax generate --coefficient mixture`: contrasts 2 to 50, 2 to
4 phases, log-scales 1 to 6 and tau 2 to 10.

Found (`results/learned.json`; 2 cores of an AMD EPYC, Python 3.12.1, jax 0.12.0.1): at 31 nodes 0.00092 +- 0.00002
where the upscaled solve has 0.0042, in 1.4 to 1.6 times its time (two runs), and at 61, never trained on, 0.00038
where it has 0.0019, in 2.3 times. Width 32 has 0.00079 at 31, in 2.4 times (`learned_32.json`). With the solution
corrected too (`learned_corrected.json`) 0.00065 +- 0.00001 at 31 in 1.6 times, but 0.0043 at 16 and 0.00033 at
141. On all nodes 0.0013 in 0.27 of the fine solve's time, where the upscaled solve carried in the same way has
0.0040. Trained on the mixture, 0.15 to 0.40 of the upscaled solve's error on ten laws and 0.62 on 6/3; with the
solution corrected too at most 0.42 on all. Training of width 16 took 330 to 500 s, with the solution corrected 380
to 450 s, some of it beside other work.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarks.accuracy import schemes
from benchmarks.accuracy.laws import LAWS
from benchmarks.accuracy.schemes import Program, compiled, mean_error, milliseconds
from benchmarks.record import command_line, write
from benchmarks.study import kept_run, made
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.metrics import relative_l2
from pde.preprocessing.view import View
from pde.runs.build import options_of
from pde.runs.config import TrainingConfig
from pde.surrogates.surrogate import Surrogate

LAW_SAMPLES = 30
STOPPED = (0.3, 0.1, 0.03)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--resolutions", type=int, nargs="+", default=[31])
    parser.add_argument("--grids", type=int, nargs="+", default=[16, 22, 31, 43, 61, 85, 141])
    parser.add_argument("--model", default="unet")
    parser.add_argument("--options", type=json.loads, default={"width": 16, "levels": 1, "depth": 1})
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--informed", default="learned", choices=["learned", "learned-corrected"])
    parser.add_argument("--laws", nargs="*", default=["12/3", *LAWS], choices=["12/3", *LAWS])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if (arguments.data is None) != (arguments.test is None):
        parser.error("give --data and --test, or neither")
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    data = arguments.data or made(folder / "train.h5", Darcy(), 1000, 0)
    test = datasets.open(arguments.test or made(folder / "test.h5", Darcy(), 200, 1))
    runs = [trained(arguments, data, folder, seed) for seed in arguments.seeds]
    surrogates = [surrogate for surrogate, _ in runs]
    found: dict[str, Any] = {
        "settings": {
            name: getattr(arguments, name) for name in ("resolutions", "model", "options", "epochs", "informed")
        },
        "parameters": surrogates[0].run.parameters,
        "training_seconds": [round(seconds) for _, seconds in runs],
        "grids": by_grid(test, surrogates, arguments.grids),
        "constant": constant(test.grid, arguments.grids),
        "fine": on_all_nodes(test, surrogates),
    }
    if arguments.laws:
        mixture = made(folder / "mixture.h5", Darcy(coefficient="mixture"), 1000, 0)
        mixed, seconds = trained(arguments, mixture, folder / "mixture", arguments.seeds[0])
        found["mixture"] = {"law": datasets.open(mixture).attributes["law"], "training_seconds": round(seconds)}
        found["laws"] = by_law(arguments, {"learned on 12/3": surrogates[0], "learned on the mixture": mixed})
    write(arguments.json, found)


def trained(arguments: argparse.Namespace, data: Path, folder: Path, seed: int) -> tuple[Surrogate, float]:
    """Return a surrogate trained as the arguments say, and the seconds that its training took."""
    several = len(arguments.resolutions) > 1
    config = TrainingConfig(
        resolution=None if several else arguments.resolutions[0],
        resolutions=tuple(arguments.resolutions) if several else (),
        epochs=arguments.epochs,
        symmetries="all",
        validation="none",
        seed=seed,
        view=View(informed=arguments.informed),
    )
    options = type(options_of(arguments.model))(**arguments.options)
    return kept_run(data, folder, arguments.model, config, options)


def by_grid(test: DataFile, surrogates: list[Surrogate], grids: list[int]) -> list[dict[str, Any]]:
    print(f"{'nodes':>5} {'upscaled':>9} {'learned':>9} {'+-':>8} {'errors':>7} {'times':>6}")
    rows = []
    for resolution in grids:
        stride = test.stride_to(resolution)
        programs = {
            "upscaled": compiled(schemes.coarse(test.grid, stride, "upscaled")),
            "learned": compiled(schemes.operator(surrogates[0], test.grid, stride)),
        }
        upscaled = mean_error(programs["upscaled"], test, stride)
        learned = [_run_error(each, test, stride) for each in surrogates]
        times = milliseconds(programs, test)
        rows.append({"nodes": resolution, "upscaled": upscaled, "learned": learned, "milliseconds": times})
        mean, spread = float(np.mean(learned)), _spread(learned)
        ratios = f"{mean / upscaled:7.2f} {times['learned'] / times['upscaled']:6.2f}"
        print(f"{resolution:5} {upscaled:9.5f} {mean:9.5f} {spread:8.5f} {ratios}", flush=True)
    return rows


def constant(fine: Grid, grids: list[int]) -> dict[int, float]:
    """Errors of the coarse scheme for a constant coefficient, where a learned equation corrects nothing."""
    a, found = np.ones(fine.shape, np.float32), {}
    true = compiled(schemes.multigrid(fine, 1e-10))(a)
    for nodes in grids:
        stride = fine.stride_to(nodes)
        solved, at_nodes = compiled(schemes.coarse(fine, stride, "upscaled"))(a), true[::stride, ::stride]
        found[nodes] = float(np.linalg.norm(solved - at_nodes) / np.linalg.norm(at_nodes))
    print("constant coefficient:", " ".join(f"{nodes} {error:.5f}" for nodes, error in found.items()))
    return found


def on_all_nodes(test: DataFile, surrogates: list[Surrogate]) -> dict[str, dict[str, Any]]:
    """Errors of every seed, and times, on the file's own grid."""
    fine = test.grid
    stride = test.stride_to(surrogates[0].run.grid.shape[0])
    upscaled = schemes.coarse(fine, stride, "upscaled")
    learned = [schemes.operator(each, fine, stride) for each in surrogates]
    programs: dict[str, list[Program]] = {
        "learned, splines": [compiled(schemes.by_splines(each, fine, stride)) for each in learned],
        "learned, relaxation": [compiled(schemes.by_relaxation(each, fine, stride)) for each in learned],
        "upscaled, splines": [compiled(schemes.by_splines(upscaled, fine, stride))],
        "upscaled, relaxation": [compiled(schemes.by_relaxation(upscaled, fine, stride))],
        **{f"multigrid from zero to {tolerance}": [_multigrid(test, tolerance)] for tolerance in STOPPED},
        "fine solve": [_multigrid(test, 1e-10)],
    }
    times = milliseconds({name: each[0] for name, each in programs.items()}, test)
    found = {}
    for name, each in programs.items():
        errors = [mean_error(program, test, 1) for program in each]
        found[name] = {"relative_l2": errors, "milliseconds": times[name]}
        print(f"{name:32} {np.mean(errors):9.5f} {_spread(errors):8.5f} {times[name]:8.1f} ms", flush=True)
    return found


def _multigrid(test: DataFile, tolerance: float) -> Program:
    return compiled(schemes.multigrid(test.grid, tolerance))


def by_law(arguments: argparse.Namespace, surrogates: dict[str, Surrogate]) -> dict[str, dict[str, float]]:
    found = {}
    for law in arguments.laws:
        path = arguments.folder / f"law-{law.replace('/', '-')}.h5"
        data = datasets.open(made(path, Darcy(**LAWS.get(law, {})), LAW_SAMPLES, 1))
        stride = data.stride_to(arguments.resolutions[0])
        upscaled = mean_error(compiled(schemes.coarse(data.grid, stride, "upscaled")), data, stride)
        errors = {name: _run_error(each, data, stride) for name, each in surrogates.items()}
        found[law] = {"upscaled": upscaled, **errors}
        ratios = " ".join(f"{error:9.5f} {error / upscaled:6.2f}" for error in errors.values())
        print(f"{law:14} {upscaled:9.5f} {ratios}", flush=True)
    return found


def _run_error(surrogate: Surrogate, data: DataFile, stride: int) -> float:
    grid = data.grid.strided(stride)
    predicted = [surrogate.predict(data.read_inputs(block), data.grid, grid) for block in data.blocks()]
    true = data.read_outputs(stride=stride)
    return float(relative_l2(jnp.asarray(np.concatenate(predicted), jnp.float32), jnp.asarray(true)).mean())


def _spread(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


if __name__ == "__main__":
    main()
