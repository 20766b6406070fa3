"""The times of `import manojax` and of `import pde` beside that of the libraries they stand on.

    python -m benchmarks.speed.imports [--rounds 9]

All in fresh processes, in turn; seconds are of the process's own CPU time, medians over the rounds.

Found, on 2 cores: `import manojax` takes 1.03 times, `import pde` 0.03 times as long as `from flax import nnx`
(asked of `pde`: at most 1.5).
"""

import resource
import statistics
import subprocess
import sys

from benchmarks.record import command_line

STATEMENTS = ("from flax import nnx", "import manojax", "import pde")


def seconds(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = [[seconds(statement) for statement in STATEMENTS] for _ in range(parser.parse_args().rounds + 1)]
    medians = [
        statistics.median(column) for column in zip(*rounds[1:], strict=True)
    ]  # the first warms the disk up
    for statement, median in zip(STATEMENTS, medians, strict=True):
        print(f"{statement:24} {median:.2f} s, {median / medians[0]:.2f} times the first")


if __name__ == "__main__":
    main()
