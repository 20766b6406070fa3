"""Where does `manojax evaluate` spend its time?

    python -m benchmarks.speed.evaluate RUN TEST.h5 [--resolutions 31 61 211] [--json FILE]

One evaluation of a run beside its coarse solves: the seconds in forward passes, coarse solves, errors and reading.
The times of single samples, which the table shows, repeat forward passes and solves and are among these.

Found: with MANO trained at 22 x 22 and 200 samples of 421 x 421, at 22, 43 and 211 points a side, forward passes
take 69 % of the time, coarse solves 17 % and errors 11 %; reading takes less than 1 %. The whole command took 0.97
times as long as before fields were read once, in turn and twice each (169 and 170 s before, 164 and 165 s after;
2 cores of an Intel Xeon, Python 3.12.1, jax 0.12.0.1), and printed the same digits.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pde
from benchmarks.record import command_line, write
from pde.data.data_file import DataFile
from pde.equations.equation import Equation
from pde.evaluation import compare
from pde.evaluation.evaluate import evaluate_together
from pde.surrogates.surrogate import Surrogate

TIMED = {
    "forward passes": (Surrogate, "predict"),
    "coarse solves": (Equation, "solve"),
    "errors": (compare, "all_errors"),
    "intervals of errors": (compare, "summarise"),
    "reading": (DataFile, "read"),
}


def measure(run: Path, test: Path, resolutions: list[int]) -> dict[str, float]:
    """Seconds of an evaluation, in all and in each of `TIMED`."""
    surrogate = pde.load(run)
    data = pde.open(test, inputs=surrogate.run.view.inputs)
    seconds: dict[str, float] = defaultdict(float)

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return call(*arguments, **options)
            finally:
                seconds[name] += time.perf_counter() - started

        return wrapped

    with ExitStack() as patches:
        for name, (owner, attribute) in TIMED.items():
            patches.enter_context(patch.object(owner, attribute, timed(name, getattr(owner, attribute))))
        started = time.perf_counter()
        evaluate_together([surrogate], data, resolutions)
        return {"in all": time.perf_counter() - started, **seconds}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--resolutions", type=int, nargs="+", default=[31, 61, 211])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = measure(arguments.run, arguments.test, arguments.resolutions)
    for name, value in found.items():
        print(f"{name:20} {value:8.1f} s  {value / found['in all']:4.0%}")
    write(arguments.json, {"seconds": found})


if __name__ == "__main__":
    main()
