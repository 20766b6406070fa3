"""Writing data sets of a problem, sample by sample."""

from collections.abc import Mapping
from pathlib import Path

from pde.data.layout import Layout
from pde.data.resumable import ResumableFile
from pde.data.shards import OutputFile, Shard, output_files
from pde.equations.equation import Problem
from pde.system.errors import check_seed
from pde.system.progress import progress_bar
from pde.system.versions import versions


def generate(
    problem: Problem,
    path: str | Path,
    *,
    samples: int | Mapping[str, int],
    seed: int,
    shard: Shard | None = None,
    resume: bool = False,
    equation: str | None = None,
) -> list[OutputFile]:
    """Write samples 0, 1, 2 ... of a seed to HDF5 files (`pde.data.datasets` says what they hold); returns which.

    A file takes its name when whole; what a run leaves that is broken off, another can resume
    (`pde.data.resumable`), and the bytes are the same.

    Args:
        problem: what to sample.
        path: OUT.h5, the file to write.
        samples: how many; or how many by split, which makes consecutive ranges in OUT-split.h5.
        seed: of the random fields.
        shard: i of n writes the i-th part of each file, to OUT-shard-i-of-n.h5, for `pde.data.merge`; by default
            the share of this process under `jax.distributed`, and everything where there is but one.
        resume: keep what was broken off, or is whole already, and do the rest.
        equation: name of an equation of your own (`pde.equations.registry.find`), which the files then record and
            `evaluate` solves again.

    Raises:
        InputError: a file exists, whole or begun, and `resume` is False or it is another data set's; it cannot be
            written; or samples are below 1 or fewer than the shards.
        ArithmeticError: the solver did not converge on a sample.
    """
    check_seed(seed)
    named = {} if equation is None else {"equation_name": equation}
    origin = problem.attributes() | named | {"seed": seed} | {f"version_{k}": v for k, v in versions().items()}
    planned = output_files(Path(path), samples, shard or Shard.of_process())
    files = [
        ResumableFile(
            output.path, Layout(problem.inputs, problem.grid, len(output.indices), origin | output.attributes)
        )
        for output in planned
    ]
    for file in files:
        file.check(resume)
    for output, file in zip(planned, files, strict=True):
        if not output.path.exists():  # whole already, which the check lets pass only on resuming
            _write(problem, seed, output, file)
    return planned


def _write(problem: Problem, seed: int, output: OutputFile, file: ResumableFile) -> None:
    with file.write() as written:
        left = output.indices[written.done :]
        solved = zip(left, problem.samples(seed, left), strict=True)  # not one too few
        with progress_bar(output.path.name, total=len(output.indices), done=written.done, unit="sample") as bar:
            for _, sample in solved:
                written.append(sample)
                bar.update()
