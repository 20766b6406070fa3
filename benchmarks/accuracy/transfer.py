"""Do operators trained on one grid predict better on finer ones than resampling does?

    python -m benchmarks.accuracy.transfer TEST.h5 RUN... [--resolutions 31 61 106 141 211 421] [--pairs 30]
        [--json FILE]

For each run folder of `manojax train`, on strides of a file of two-phase Darcy samples: mean relative L2 of the
direct prediction from the strided coefficient, and of the resample baseline, which has the coefficient at the
points of the training grid alone and is interpolated by cubic splines.

Then pairs of coefficients on the file's own grid that agree at every point of the training grid: a sample of the
file, and the same with its phases swapped in islands on a seventh of the other points. Both are solved there;
stated is the correlation of the difference of the two direct predictions with that of the two solutions, over all
points and pairs, and the slope of their regression. Resampling predicts no difference.

Found (`results/transfer.json`; trained at 31 x 31 strided from 421, 15 minutes each by `equal_time.py`, 200 test
samples, one seed): direct beats resampling on every finer grid and is better than on the training grid, and there
both are below the floor of models that see only 31 x 31 points (`benchmarks/accuracy/floor.py`: 0.0102 +- 0.0006).

|      | by       |     31 |     61 |    106 |    141 |    211 |    421 | pairs: correlation, slope |
| MANO | direct   | 0.0114 | 0.0077 | 0.0071 | 0.0070 | 0.0069 | 0.0069 | 0.988, 0.92 |
|      | resample | 0.0114 | 0.0114 | 0.0114 | 0.0114 | 0.0114 | 0.0114 | none |
| FNO  | direct   | 0.0120 | 0.0089 | 0.0082 | 0.0082 | 0.0082 | 0.0081 | 0.980, 0.91 |
|      | resample | 0.0120 | 0.0120 | 0.0120 | 0.0120 | 0.0120 | 0.0120 | none |

Trained at 43 (40 epochs) and at 61 (32) by the defaults of `manojax train`, MANO (`results/transfer_43_61.json`):

| at |          |     31 |     43 |     61 |     85 |    106 |    141 |    211 |    421 | pairs |
| 43 | direct   | 0.0125 | 0.0093 | 0.0079 | 0.0071 | 0.0070 | 0.0068 | 0.0068 | 0.0068 | 0.986, 0.92 |
|    | resample | 0.0093 | 0.0093 | 0.0093 | 0.0093 | 0.0093 | 0.0093 | 0.0093 | 0.0093 | none |
| 61 | direct   | 0.0127 | 0.0096 | 0.0079 | 0.0072 | 0.0070 | 0.0069 | 0.0068 | 0.0068 | 0.990, 0.95 |
|    | resample | 0.0079 | 0.0079 | 0.0079 | 0.0079 | 0.0079 | 0.0079 | 0.0079 | 0.0079 | none |

On grids coarser than the trained one direct sees less than resampling, which has the coefficient at the points of
the training grid; direct has the larger error, 1.6 times from 61 to 31.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from scipy.fft import idctn

from benchmarks.record import command_line, write
from pde.data import datasets
from pde.data.data_file import DataFile
from pde.equations.darcy.problem import solve_darcy
from pde.grids.grid import Grid
from pde.surrogates.surrogate import Surrogate, load
from pde.training.transfer import measure

_SHARE, _INVERSE_LENGTH = 0.15, 40.0


def islands(shape: tuple[int, int], generator: np.random.Generator) -> Bool[np.ndarray, "height width"]:
    """The points where a random field of short correlation length is largest."""
    x, y = (np.arange(n) ** 2 for n in shape)
    spectrum = 1 / (np.pi**2 * (x[:, None] + y[None, :]) + _INVERSE_LENGTH**2)
    field = np.asarray(idctn(generator.normal(size=shape) * spectrum, norm="ortho"))
    return field > np.quantile(field, 1 - _SHARE)


def swapped(
    a: Float[np.ndarray, "height width"], grid: Grid, trained: Grid, generator: np.random.Generator
) -> Float[np.ndarray, "height width"]:
    """Swap the phases in islands, except at the points of the training grid."""
    chosen = islands(a.shape, generator)
    rows, columns = np.isin(grid.x.round(6), trained.x.round(6)), np.isin(grid.y.round(6), trained.y.round(6))
    chosen[np.ix_(rows, columns)] = False
    return np.where(chosen, a.min() + a.max() - a, a)


def agreement(surrogate: Surrogate, data: DataFile, pairs: int) -> dict[str, float]:
    """Measure how the change of direct predictions follows the change of solutions."""
    generator, predicted, true = np.random.default_rng(0), [], []
    for number in range(pairs):
        sample = slice(number, number + 1)
        before, solution = data.read_inputs(sample), data.read_outputs(sample)[0, ..., 0]
        after = swapped(before[0, ..., 0], data.grid, surrogate.run.grid, generator)
        both = np.concatenate([before, after[None, ..., None]])
        change = np.diff(surrogate.predict(both, data.grid)[..., 0], axis=0)[0]
        predicted.append(change.ravel())
        true.append((solve_darcy(after.astype(np.float64), data.grid) - solution).ravel())
    p, u = np.concatenate(predicted), np.concatenate(true)
    return {"correlation": float(np.corrcoef(p, u)[0, 1]), "slope": float(p @ u / (u @ u))}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("test", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--resolutions", type=int, nargs="+", default=[31, 61, 106, 141, 211, 421])
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = []
    for folder in arguments.runs:
        surrogate = load(folder)
        run = surrogate.run
        data = datasets.open(arguments.test, inputs=run.view.inputs)
        result = {"model": run.model, "trained at": run.grid.shape, "parameters": run.parameters}
        result |= {
            "filter width": run.view.filter_width_in_force,
            "epochs": surrogate.training.epochs,
            "samples": data.samples,
        }
        strides = map(data.stride_to, arguments.resolutions)
        result["relative_l2"] = [asdict(measure(surrogate, data, slice(None), stride)) for stride in strides]
        result["pairs"] = agreement(surrogate, data, arguments.pairs)
        print(json.dumps(result), flush=True)
        results.append(result)
    write(arguments.json, {"runs": results})


if __name__ == "__main__":
    main()
